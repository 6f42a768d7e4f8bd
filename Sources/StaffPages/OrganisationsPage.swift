import Applications
import Events
import HTTPTypes
import Hummingbird
import Identity
import Pages
import Primitives
import Storage
import Web

/// `/staff/organisations`: the partners, and the plan of each.
struct OrganisationsPage: Encodable {
    struct Row: Encodable {
        let id, name, handle: String
        let plan: String
        let members, apps: String
        let created: String
        /// The plan that the row's button changes to.
        let otherPlan, otherPlanTitle: String
    }

    let message: String?
    let hasRows: Bool
    let rows: [Row]
    let nextAddress: String?

    static let pageSize = 25
}

extension StaffRoutes {
    func addOrganisations(to routes: Routes) {
        routes.get("/staff/organisations") { request, context in
            try await signedIn(request, context) { member in try await organisations(request, member, context) }
        }
        routes.post("/staff/organisations/{id}/plan") { request, context in
            try await form(request, context) { member, form in
                guard let id = context.parameters.get("id").flatMap({ OrganisationID($0) }), let plan = form["plan"].flatMap(Plan.init(rawValue:)) else {
                    throw HTTPError(.notFound)
                }
                let changed = try await database.write { tx in
                    try Organisations().setPlan(
                        plan, of: id, by: .person(member.session.person.id), at: context.receivedAt, requestID: context.requestID, in: tx)
                }
                guard changed != nil else { throw HTTPError(.notFound) }
                return .seeOther("/staff/organisations?changed=\(id)")
            }
        }
    }

    private func organisations(_ request: Request, _ member: StaffMember, _ context: AppContext) async throws -> Response {
        let query = request.query ?? Web.Parameters()
        let after = query["after"].flatMap { OrganisationID($0) }
        let changed = query["changed"].flatMap { OrganisationID($0) }
        let (rows, changedRow) = try await database.read { tx -> ([OrganisationsPage.Row], Organisation?) in
            let organisations = Organisations()
            let rows = try organisations.list(after: after, limit: OrganisationsPage.pageSize + 1, in: tx).map { organisation in
                OrganisationsPage.Row(
                    organisation, members: try Memberships().list(of: organisation.id, in: tx).count,
                    apps: try Apps().count(of: organisation.id, in: tx))
            }
            return (rows, try changed.flatMap { try organisations.find($0, in: tx) })
        }
        let shown = Array(rows.prefix(OrganisationsPage.pageSize))
        let model = OrganisationsPage(
            message: changedRow.map { "\($0.name) is now on the \($0.plan.title) plan." }, hasRows: !shown.isEmpty, rows: shown,
            nextAddress: rows.count > shown.count ? shown.last.map { "/staff/organisations?after=\($0.id)" } : nil)
        return pages.page("staff/organisations", model, shell: member.shell("Organisations", current: "organisations"))
    }
}

extension OrganisationsPage.Row {
    init(_ organisation: Organisation, members: Int, apps: Int) {
        id = organisation.id.rawValue
        name = organisation.name
        handle = organisation.handle
        plan = organisation.plan.title
        self.members = members.grouped
        self.apps = apps.grouped
        created = organisation.createdAt.day
        let other: Plan = organisation.plan == .free ? .unlimited : .free
        otherPlan = other.rawValue
        otherPlanTitle = other.title
    }
}
