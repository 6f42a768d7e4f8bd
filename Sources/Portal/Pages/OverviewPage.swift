import Applications
internal import HTTPTypes
import Hummingbird
import Identity
import Mail
import Metering
import Pages
import Primitives
import Storage
import Web

/// `/portal`: what to do next, today's calls, and the latest requests.
struct OverviewPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(developer, request, context) }
        }
        routes.post("/portal/confirmation") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in
                let facts = RequestFacts(context)
                let letter = try await site.database.write { [site] tx -> Letter? in
                    guard let person = try site.people.find(developer.id, in: tx), !person.hasConfirmedEmail else { return nil }
                    guard try MailLimit().admits(person.signInName, for: .confirmation, at: facts.now, in: tx) else { return nil }
                    return try site.confirmationLetter(to: person, facts, in: tx)
                }
                if let letter { site.outgoing.send(letter, at: context.receivedAt) }
                return .seeOther("/portal?sent=1")
            }
        }
        routes.post("/portal/organisation") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in
                guard let chosen = developer.organisations.first(where: { $0.id.rawValue == form["organisation"] }) else { throw PortalRefusal.notFound }
                var response = Response.seeOther("/portal")
                site.cookies.set(Developer.organisationCookie, to: chosen.id.rawValue, on: &response)
                return response
            }
        }
    }

    struct Step: Encodable {
        let title, text, label, address: String
        let isDone: Bool
    }

    struct Model: Encodable {
        let givenName, organisation: String
        let heldPlaces: HeldPlaces?
        let unconfirmedEmail: String?
        let isDemo, justConfirmed, justSent: Bool
        let steps: [Step]
        let hasSteps: Bool
        let quota: QuotaModel
        let rows: [RequestRow]
        let hasRequests, showsApp: Bool
    }

    private func show(_ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let organisation = developer.organisation
        let (apps, members, records, held) = try await site.database.read { [site] tx in
            (
                try site.apps.names(of: organisation.id, in: tx), try site.memberships.list(of: organisation.id, in: tx).count,
                try site.records.list(ofOrganisation: organisation.id, limit: 5, in: tx), try site.heldPlaces(of: developer.id, in: tx)
            )
        }
        let query = request.query ?? Web.Parameters()
        let hasCalled = !records.isEmpty
        let first = apps.first
        var steps = [
            Step(
                title: "Create an app", text: "You get a client ID and, for a server, a secret.", label: "Create app", address: "/portal/apps/new",
                isDone: first != nil),
            Step(
                title: "Make the first call", text: "Every sample carries your app’s own values.", label: "Copy a sample",
                address: first.map { "/portal/apps/\($0.id)/samples" } ?? "/docs", isDone: hasCalled),
            Step(
                title: "Meet your test customers", text: "Five people with two years of history each.", label: "See who they are", address: "/portal/customers",
                isDone: hasCalled),
            Step(
                title: "Invite a colleague", text: "Owners invite; members work on apps.", label: "Open the team", address: "/portal/team", isDone: members > 1),
        ]
        steps.removeAll(where: \.isDone)
        let names = Dictionary(apps.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let model = Model(
            givenName: developer.person.givenName, organisation: organisation.name, heldPlaces: held,
            unconfirmedEmail: developer.person.hasConfirmedEmail ? nil : developer.person.email, isDemo: site.isDemo,
            justConfirmed: query["confirmed"] != nil && developer.person.hasConfirmedEmail, justSent: query["sent"] != nil, steps: steps,
            hasSteps: !steps.isEmpty, quota: try await site.quota(of: organisation, at: context.receivedAt),
            rows: records.map { RequestRow($0, names: names, at: context.receivedAt) }, hasRequests: hasCalled, showsApp: true)
        return site.pages.page("portal/overview", model, shell: developer.shell("Overview", current: "overview"))
    }
}

/// Today's calls against the plan, ready for `{{>portal/partials/quota}}`.
struct QuotaModel: Encodable, Sendable {
    let plan, used, limit, note: String
    /// Of a bar 1,000 wide.
    let width: Int
    let hasLimit, isNearlyUsed, isUsed: Bool

    init(plan: Plan, used: Int) {
        self.plan = plan.title
        let limit = plan.dailyCalls
        self.used = used.grouped
        self.limit = (limit ?? 0).grouped
        hasLimit = limit != nil
        width = limit.map { min(1000, used * 1000 / max(1, $0)) } ?? 0
        isUsed = limit.map { used >= $0 } ?? false
        isNearlyUsed = !isUsed && (limit.map { used * 10 >= $0 * 8 } ?? false)
        note =
            isUsed
            ? "Today’s calls are used. Further ones are refused until the count starts again."
            : "Only calls that the bank answers count. Our refusals and failures are free."
    }
}

extension PortalSite {
    func quota(of organisation: Organisation, at now: Timestamp) async throws -> QuotaModel {
        QuotaModel(plan: organisation.plan, used: try await quotas.used(organisation: organisation.id, day: now.date))
    }
}
