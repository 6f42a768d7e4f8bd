import Applications
internal import HTTPTypes
import Hummingbird
import Metering
import OAuth
import Pages
import Primitives
import Storage
import Web

/// `/portal/apps`: what the organisation has registered, and how it is used, page by page.
struct AppsPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(developer, request, context) }
        }
    }

    static let pageSize = 30

    struct Row: Encodable {
        let id, name, clientID, environment, lastCall, refused: String
        let week: Sparkline
        /// It registered itself.
        let isRegistered: Bool
    }

    struct Model: Encodable {
        let organisation, count: String
        let quota: QuotaModel
        let rows: [Row]
        let hasApps, hasRows: Bool
        let removed: String?
        let older, first: String?
    }

    private func show(_ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let organisation = developer.organisation
        let now = context.receivedAt
        let place = request.query?["before"].flatMap { AppID($0) }
        let (count, rows, older, isFirst) = try await site.database.read { [site] tx in
            // A place that is none, or somebody else's, is the beginning.
            let last = try place.flatMap { try site.apps.find($0, in: tx) }.flatMap { $0.organisationID == organisation.id ? $0 : nil }
            let apps = try site.apps.list(of: organisation.id, after: last, limit: Self.pageSize + 1, in: tx)
            let shown = apps.prefix(Self.pageSize)
            let registered = try site.registrations.ids(of: organisation.id, in: tx)
            let week = try site.records.dayCountsByApp(ofOrganisation: organisation.id, from: now.date.adding(days: -6), to: now.date, in: tx)
            let lastCalls = try site.records.lastCalls(ofApps: shown.map(\.id), of: organisation.id, in: tx)
            let rows = shown.map { app in
                let days = week[app.id] ?? []
                return Row(
                    id: app.id.rawValue, name: app.name, clientID: app.clientID.text, environment: app.environment.title,
                    lastCall: lastCalls[app.id]?.ago(seenAt: now) ?? "Never", refused: days.reduce(0) { $0 + $1.refused }.grouped,
                    week: Sparkline(days, through: now.date), isRegistered: registered.contains(app.id))
            }
            return (try site.apps.count(of: organisation.id, in: tx), rows, apps.count > Self.pageSize ? shown.last?.id : nil, last == nil)
        }
        let model = Model(
            organisation: organisation.name, count: count.of("app"), quota: try await site.quota(of: organisation, at: now), rows: rows, hasApps: count > 0,
            hasRows: !rows.isEmpty, removed: request.query?["removed"].map { _ in "The app is removed" }, older: older.map { "/portal/apps?before=\($0)" },
            first: isFirst ? nil : "/portal/apps")
        return site.pages.page("portal/apps", model, shell: developer.shell("Apps", current: "apps"))
    }
}

extension AppEnvironment {
    var title: String {
        switch self {
        case .sandbox: "Sandbox"
        case .live: "Live"
        }
    }
}

/// Seven days of calls as a line 112 by 28.
struct Sparkline: Encodable, Sendable {
    let points: String
    let lastX, lastY: String
    /// The sentence that stands for the drawing.
    let label: String

    init(_ days: [DecisionRecords.DayCount], through today: CivilDate) {
        let totals = (0..<7).map { back -> Int in
            let day = today.adding(days: back - 6)
            return days.first { $0.day == day }?.total ?? 0
        }
        let largest = totals.max() ?? 0
        let places = totals.enumerated().map { index, total in
            (x: 2 + Double(index) * 106 / 6, y: largest == 0 ? 26 : 26 - Double(total) / Double(largest) * 24)
        }
        points = places.map { "\(Self.decimal($0.x)),\(Self.decimal($0.y))" }.joined(separator: " ")
        lastX = Self.decimal(places.last?.x ?? 0)
        lastY = Self.decimal(places.last?.y ?? 0)
        label =
            largest == 0
            ? "No calls in the last 7 days"
            : "Calls in the last 7 days, from \((totals.min() ?? 0).grouped) to \(largest.grouped) a day, \((totals.last ?? 0).grouped) today"
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
