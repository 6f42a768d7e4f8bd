import Applications
import Events
import Hummingbird
import Identity
import Pages
import Passwords
import Primitives
import Sandbox
import SecondFactorPages
import Storage
import Web

/// `/portal/customers`: the five people of the organisation's sandbox, and how to sign in as them.
struct CustomersPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/customers") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let query = request.query ?? Web.Parameters()
                return try await show(
                    developer, context,
                    note: query["changed"] != nil
                        ? "The customers have a new password. Whoever was signed in as one of them is signed out"
                        : query["reset"] != nil ? "That customer signs in with the password alone" : nil)
            }
        }
        routes.post("/portal/customers/password") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await changePassword(developer, context) }
        }
        routes.post("/portal/customers/{person}/second-factor/reset") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await resetSecondFactor(developer, context) }
        }
    }

    struct Model: Encodable {
        let note: String?
        let organisation, handle: String
        /// `nil` for a world that was made in demo mode and waits for its own.
        let password: String?
        let isReady, canChangePassword: Bool
        let customers: [Customer]
        /// Those who sign in in two steps.
        let twoStep: [TwoStep]
        let hasTwoStep: Bool
        let firstSignIn: String
        let sampleAddress: String
    }

    struct TwoStep: Encodable {
        let id, name, signInName: String
    }

    private func show(_ developer: Developer, _ context: AppContext, note: String?) async throws -> Response {
        let organisation = developer.organisation
        let (present, twoStep, apps, password) = try await site.database.read { [site] tx in
            let customers = try site.customers(of: organisation.world, in: tx)
            return (
                customers.count, try customers.filter { try SecondFactors.isEnrolled($0.id, in: tx) }, try site.apps.names(of: organisation.id, in: tx),
                try site.worldPasswords.find(organisation.world, in: tx)
            )
        }
        let isReady = present >= Customer.all.count
        // A world that was never finished is finished now, behind this page.
        if !isReady { site.worlds.seed(organisation.world, isConfirmed: developer.person.hasConfirmedEmail, at: context.receivedAt) }
        let model = Model(
            note: note, organisation: organisation.name, handle: organisation.handle, password: password, isReady: isReady,
            canChangePassword: isReady && site.worldPasswords.areOwn, customers: Customer.all,
            twoStep: twoStep.map { TwoStep(id: $0.id.rawValue, name: $0.name, signInName: $0.signInName) }, hasTwoStep: !twoStep.isEmpty,
            firstSignIn: "\(Customer.all.first?.signInName ?? "")@\(organisation.handle)",
            sampleAddress: apps.first.map { "/portal/apps/\($0.id)/samples" } ?? "/portal/apps/new")
        return site.pages.page("portal/customers", model, shell: developer.shell("Sandbox customers", current: "customers"))
    }

    /// Gives all customers of the world another password, and ends what the old one began.
    private func changePassword(_ developer: Developer, _ context: AppContext) async throws -> Response {
        guard site.worldPasswords.areOwn else { throw PortalRefusal.notFound }
        let world = developer.organisation.world
        let password = site.worldPasswords.draw()
        let hash = try await site.passwords.hash(password)
        let facts = RequestFacts(context)
        let isChanged = try await site.database.write { [site] tx -> Bool in
            let customers = try site.customers(of: world, in: tx)
            // Those who are still being made would come with the old one.
            guard customers.count >= Customer.all.count else { return false }
            for customer in customers {
                try site.people.setPasswordHash(hash, of: customer.id, at: facts.now, in: tx)
                try site.sessions.endAll(of: customer.id, at: facts.now, in: tx)
            }
            try site.worldPasswords.replace(world, with: password, at: facts.now, in: tx)
            try AuditLog().append(
                AuditEntry(actor: developer.actor, action: .worldPasswordChanged, subject: world.rawValue, requestID: facts.requestID, at: facts.now), in: tx)
            return true
        }
        guard isChanged else {
            throw PortalRefusal.conflict(heading: "The customers are on their way", lead: "We are still writing their history. Try again in a few seconds.")
        }
        return .seeOther("/portal/customers?changed=1")
    }

    /// A made-up customer has no phone to lose; whoever tried it out loses the key.
    private func resetSecondFactor(_ developer: Developer, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("person").flatMap({ PersonID($0) }) else { throw PortalRefusal.notFound }
        let facts = RequestFacts(context)
        let isReset = try await site.database.write { [site] tx -> Bool in
            guard let person = try site.people.find(id, in: tx), person.population == .customer, person.world == developer.organisation.world
            else { return false }
            return try site.factors.changes.reset(of: id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
        }
        guard isReset else { throw PortalRefusal.notFound }
        return .seeOther("/portal/customers?reset=1")
    }
}

extension PortalSite {
    fileprivate func customers(of world: OrganisationID, in tx: any ReadTransaction) throws -> [Person] {
        try people.list(population: .customer, world: world, limit: 100, in: tx)
    }
}

/// A sandbox customer as the pages name them.
struct Customer: Encodable, Sendable {
    let title, signInName, summary, goodFor: String

    static let all = PersonaCatalogue.entries.map { entry in
        Customer(
            title: entry.title, signInName: entry.signInName, summary: entry.summary, goodFor: entry.goodFor.prefix(1).uppercased() + entry.goodFor.dropFirst())
    }
}
