import Applications
import Hummingbird
import Metering
import Pages
import Primitives
import Storage
import Web

/// `/portal/requests`, and the same for one app: recent calls, narrowed by GET, page by page.
struct RequestsPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/requests") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(nil, developer, request, context) }
        }
        routes.get("/portal/apps/{id}/requests") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                try await show(try await site.app(context, of: developer), developer, request, context)
            }
        }
    }

    static let pageSize = 30

    struct Model: Encodable {
        let app: AppHead?
        let action: String
        let appFilter: Field?
        let outcomeFilter: Field
        let rows: [RequestRow]
        let hasRows, isNarrowed, showsApp: Bool
        let next, first: String?
        let docsAddress: String
    }

    private func show(_ app: App?, _ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let query = request.query ?? Web.Parameters()
        let now = context.receivedAt
        let organisation = developer.organisation.id
        let outcome = query["outcome"].flatMap(DecisionOutcome.init(rawValue:))
        let before = query["before"].flatMap(PagePlace.init)?.position
        let (apps, records) = try await site.database.read { [site] tx in
            let apps = try site.apps.names(of: organisation, in: tx)
            let chosen = app?.id ?? query["app"].flatMap { text in apps.first { $0.id.rawValue == text }?.id }
            let filter = DecisionRecords.Filter(appID: chosen, outcome: outcome)
            return (apps, try site.records.list(ofOrganisation: organisation, filter: filter, before: before, limit: Self.pageSize + 1, in: tx))
        }
        let shown = records.prefix(Self.pageSize)
        let chosenApp = query["app"].flatMap { text in apps.first { $0.id.rawValue == text }?.id.rawValue }
        let action = app.map { "/portal/apps/\($0.id)/requests" } ?? "/portal/requests"
        let kept = [("app", chosenApp), ("outcome", outcome?.rawValue)].compactMap { name, value in value.map { (name: name, value: $0) } }
        let next = records.count > Self.pageSize ? shown.last.map { PagePlace(after: $0).text } : nil
        let names = Dictionary(apps.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let model = Model(
            app: app.map { AppHead($0, tab: "requests", at: now) }, action: action,
            appFilter: app == nil && !apps.isEmpty
                ? .select(
                    "app", "App",
                    options: [.init(value: "", label: "All apps", isSelected: chosenApp == nil)]
                        + apps.map { .init(value: $0.id.rawValue, label: $0.name, isSelected: $0.id.rawValue == chosenApp) }) : nil,
            outcomeFilter: .select(
                "outcome", "Outcome",
                options: [.init(value: "", label: "All", isSelected: outcome == nil)]
                    + DecisionOutcome.allCases.map { .init(value: $0.rawValue, label: OutcomeWords.word($0), isSelected: $0 == outcome) }),
            rows: shown.map { RequestRow($0, names: names, at: now) }, hasRows: !shown.isEmpty, isNarrowed: !kept.isEmpty || before != nil,
            showsApp: app == nil,
            next: next.map { "\(action)?\(Web.Parameters(kept + [(name: "before", value: $0)]).urlEncoded)" },
            first: before == nil ? nil : kept.isEmpty ? action : "\(action)?\(Web.Parameters(kept).urlEncoded)",
            docsAddress: (app?.id ?? apps.first?.id).map { "/portal/apps/\($0)/samples" } ?? "/portal/apps/new")
        return site.pages.page(
            "portal/requests", model, shell: developer.shell(app.map { "Requests of \($0.name)" } ?? "Requests", current: app == nil ? "requests" : "apps"))
    }
}

/// Where a list goes on, as the address carries it: `1763709249482.req_…`.
struct PagePlace: Sendable {
    let position: DecisionRecords.Position

    init(after record: DecisionRecord) { position = .init(after: record) }

    init?(_ text: String) {
        let halves = text.split(separator: ".", maxSplits: 1)
        guard halves.count == 2, let milliseconds = Int64(halves[0]), let id = RequestID(String(halves[1])) else { return nil }
        position = .init(receivedAt: Timestamp(milliseconds: milliseconds), requestID: id)
    }

    var text: String { "\(position.receivedAt.milliseconds).\(position.requestID)" }
}
