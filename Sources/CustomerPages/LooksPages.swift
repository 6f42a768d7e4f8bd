internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Metering
internal import NIOCore
internal import Pages
internal import Primitives
internal import Storage
internal import Web

/// `/my/looks`: every call about the customer, page by page, and the same as a file.
struct LooksPage: Encodable {
    let looks: [LookRow]
    let hasLooks: Bool
    let older: String?
    let isFirst: Bool
}

extension CustomerRoutes {
    private static let looksOnPage = 50
    private static let looksInDownload = 10_000

    func looksPage(for session: Session, _ request: Request, _ context: AppContext) async throws -> Response {
        let before = request.query?["before"].flatMap(Self.position)
        let found = try await database.read { [records] tx in
            try records.list(ofPerson: session.person.id, before: before, limit: Self.looksOnPage + 1, in: tx)
        }
        let shown = found.prefix(Self.looksOnPage)
        let book = try await names(session.person, apps: shown.compactMap(\.appID), accounts: [])
        let page = LooksPage(
            looks: shown.map { look($0, book: book, now: context.receivedAt) }, hasLooks: !shown.isEmpty,
            older: found.count > Self.looksOnPage ? shown.last.map { "/my/looks?before=\(Self.text(of: $0))" } : nil, isFirst: before == nil)
        return pages.page("customer/looks", page, shell: shell("Every look at your accounts", for: session, current: "looks", width: .single))
    }

    /// RFC 4180, with the columns' names first.
    func looksDownload(for session: Session, _ context: AppContext) async throws -> Response {
        var text = Self.line(["Time (UTC)", "App", "Firm", "What", "Answer", "Status", "Request"])
        var before: DecisionRecords.Position?
        var count = 0
        while count < Self.looksInDownload {
            let place = before
            let found = try await database.read { [records] tx in try records.list(ofPerson: session.person.id, before: place, limit: 500, in: tx) }
            let book = try await names(session.person, apps: found.compactMap(\.appID), accounts: [])
            for record in found {
                let row = look(record, book: book, now: context.receivedAt)
                text += Self.line([
                    record.receivedAt.rfc3339, row.who, record.appID.map(book.firm) ?? "", row.what, row.answer, String(record.status),
                    record.requestID.rawValue,
                ])
            }
            count += found.count
            guard found.count == 500, let last = found.last else { break }
            before = DecisionRecords.Position(after: last)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8; header=present", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"looks-at-my-accounts.csv\"",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    // MARK: Words

    func look(_ record: DecisionRecord, book: NameBook, now: Timestamp) -> LookRow {
        LookRow(
            when: record.receivedAt.moment(seenAt: now), who: book.app(record.appID), what: Self.what(record, book: book),
            answer: record.outcome == .allowed ? "Given" : record.outcome == .refused ? "Refused" : "Not answered",
            isGiven: record.outcome == .allowed, isRefused: record.outcome == .refused)
    }

    static func what(_ record: DecisionRecord, book: NameBook) -> String {
        let account = record.accountID.map(book.account) ?? "an account"
        let what =
            switch record.operation {
            case "listAccounts":
                record.records == 1 ? "Which account you share" : record.records.map { "Which \($0.of("account")) you share" } ?? "Which accounts you share"
            case "getAccountBalance": "Balance of \(account)"
            case "listTransactions":
                record.outcome == .allowed ? "\((record.records ?? 0).of("transaction")) of \(account)" : "Transactions of \(account)"
            case "getAccountDetails": "Number and holders of \(account)"
            case let operation? where operation.contains("Consent"): "Where your permission stands"
            default: "\(record.method) \(record.path)"
            }
        guard record.outcome == .refused, let reason = reason(record.rule) else { return what }
        return "\(what), \(reason)"
    }

    /// Why it was refused, when that concerns the customer.
    private static func reason(_ rule: String?) -> String? {
        guard let rule else { return nil }
        if rule.contains("account") { return "which you did not share" }
        if rule.contains("window") { return "from before the time you allowed" }
        if rule.contains("permission") { return "which you did not allow" }
        if rule.contains("consent") || rule.contains("revo") { return "after the permission had ended" }
        return nil
    }

    // MARK: Places and lines

    /// `<milliseconds>.<request id>`
    static func text(of record: DecisionRecord) -> String { "\(record.receivedAt.milliseconds).\(record.requestID)" }

    static func position(_ text: String) -> DecisionRecords.Position? {
        let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let milliseconds = Int64(parts[0]), let id = RequestID(parts[1]) else { return nil }
        return DecisionRecords.Position(receivedAt: Timestamp(milliseconds: milliseconds), requestID: id)
    }

    static func line(_ cells: [String]) -> String {
        cells.map { cell in
            // A cell that a spreadsheet would take for a formula is made plain text.
            let text = cell.first.map { "=+-@\t\r".contains($0) } == true ? "'" + cell : cell
            return "\"\(text.replacing("\"", with: "\"\""))\""
        }.joined(separator: ",") + "\r\n"
    }
}
