import Applications
import Hummingbird
import Identity
import Pages
import Primitives
import Sandbox
import Storage
import Web

/// `/portal/customers`: the five people of the organisation's sandbox, and how to sign in as them.
struct CustomersPage: PortalPage {
    let site: PortalSite

    func add(to router: Router<AppContext>) {
        router.get("/portal/customers") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(developer, context) }
        }
    }

    struct Model {
        let organisation, handle, password: String
        let isReady: Bool
        let customers: [Customer]
        let firstSignIn: String
        let sampleAddress: String
    }

    private func show(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let organisation = developer.organisation
        let (present, apps) = try await site.database.read { [site] tx in
            (try site.people.list(population: .customer, world: organisation.world, limit: 10, in: tx).count, try site.apps.list(of: organisation.id, in: tx))
        }
        // A world that was never finished is finished now, behind this page.
        if present < Customer.all.count { site.worlds.seed(organisation.world, at: context.receivedAt) }
        let model = Model(
            organisation: organisation.name, handle: organisation.handle, password: Worlds.password, isReady: present >= Customer.all.count, customers: Customer.all,
            firstSignIn: "\(Customer.all.first?.signInName ?? "")@\(organisation.handle)",
            sampleAddress: apps.first.map { "/portal/apps/\($0.id)/samples" } ?? "/portal/apps/new")
        return site.pages.page("portal/customers", model, shell: developer.shell("Sandbox customers", current: "customers"))
    }
}

/// A sandbox customer as the pages name them.
struct Customer: Sendable {
    let title, signInName, summary, goodFor: String

    static let all = PersonaCatalogue.entries.map { entry in
        Customer(
            title: entry.title, signInName: entry.signInName, summary: entry.summary, goodFor: entry.goodFor.prefix(1).uppercased() + entry.goodFor.dropFirst())
    }
}
