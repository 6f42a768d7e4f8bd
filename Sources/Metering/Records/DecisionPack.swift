internal import Primitives
internal import Storage

/// Records that are one row: those of a group that came one after the other and whose request ids begin alike. A row for each costs more than what is in it
/// (docs/decisions/0029-packs.md).
///
/// The row's key is the greatest request id, and it has the least. All are of one *span*, the ids that have their first characters in common: 32 milliseconds.
/// So the packs that may hold an id are among the few behind it in the order of keys, up to the end of its span.
struct DecisionPack {
    let span: Span
    private(set) var greatestID: RequestID
    private(set) var leastID: RequestID
    private var latest: Timestamp
    private var bytes: [UInt8] = []
    /// Until nothing more is added.
    private var writer: DecisionFields.Writer? = DecisionFields.Writer()

    /// PostgreSQL compresses a row of more than 2 kB, and cuts it in pieces, which costs more than it saves; two of these share a page of SQLite.
    private static let mostBytes = 1900

    init(_ record: DecisionRecord) {
        span = Span(of: record.requestID)
        greatestID = record.requestID
        leastID = record.requestID
        latest = record.receivedAt
        bytes.reserveCapacity(600)
        writer?.append(record, to: &bytes)
    }

    /// - Returns: whether it fits. Where it does not, nothing more is added.
    mutating func add(_ record: DecisionRecord) -> Bool {
        guard writer != nil else { return false }
        let count = bytes.count
        writer?.append(record, to: &bytes)
        guard bytes.count <= Self.mostBytes else {
            bytes.removeLast(bytes.count - count)
            close()
            return false
        }
        greatestID = max(greatestID, record.requestID)
        leastID = min(leastID, record.requestID)
        latest = max(latest, record.receivedAt)
        return true
    }

    /// Nothing more is added.
    mutating func close() { writer = nil }

    var values: [SQLValue] { [greatestID.sqlValue, leastID.sqlValue, latest.milliseconds.sqlValue, String(decoding: bytes, as: UTF8.self).sqlValue] }

    static let insertion = SQL.Insertion(into: "decision_pack", columns: ["request_id", "least_id", "received_ms", "records"])

    // MARK: Reading

    /// Whether the very pack is there.
    func isThere(in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT request_id FROM decision_pack WHERE request_id = \(greatestID) AND least_id = \(leastID)") != nil
    }

    /// Ids that begin alike.
    struct Span: Hashable {
        private let beginning: String

        init(of id: RequestID) { beginning = String(decoding: id.rawValue.utf8.prefix(Self.length), as: UTF8.self) }

        /// The prefix, and eight of the nine characters of the time (`Identifier.init(at:from:)`).
        private static let length = RequestID.prefix.utf8.count + 8

        func contains(_ id: RequestID) -> Bool { id.rawValue.hasBytes(of: beginning, upTo: Self.length) }

        /// Behind each of its ids, whose characters are letters, digits, `-` and `_`.
        var end: String { beginning + "~" }
    }

    /// The records with these ids, from whichever packs may hold them.
    static func records(_ ids: some Sequence<RequestID>, in tx: any ReadTransaction) throws -> [RequestID: DecisionRecord] {
        let wanted = Set(ids)
        let reaches = Dictionary(grouping: wanted, by: Span.init).map { span, ids in Reach(least: ids.min(), greatest: ids.max(), end: span.end) }
        var found: [RequestID: DecisionRecord] = [:]
        var rest = reaches[...]
        while !rest.isEmpty {
            let length = Self.lengths.first { $0 >= rest.count } ?? Self.longest
            for row in try tx.all(query(rest.prefix(length), length: length)) {
                for record in try DecisionFields.records(try row["records"], where: wanted.contains) { found[record.requestID] = record }
            }
            rest = rest.dropFirst(length)
        }
        return found
    }

    /// Ids of one span.
    private struct Reach {
        let least: RequestID?
        let greatest: RequestID?
        let end: String

        /// Finds nothing.
        static let none = Reach(least: nil, greatest: nil, end: "")
    }

    /// Each length is a statement to prepare, and to keep.
    private static let lengths = [1, 8, 32]
    private static let longest = 60

    private static func query(_ reaches: ArraySlice<Reach>, length: Int) -> SQL {
        var sql = SQL.StringInterpolation(literalCapacity: 120 * length, interpolationCount: 3 * length)
        for index in 0..<length {
            let reach = index < reaches.count ? reaches[reaches.startIndex + index] : .none
            sql.appendLiteral("\(index > 0 ? " UNION ALL " : "")SELECT records FROM decision_pack WHERE request_id >= ")
            sql.appendInterpolation(reach.least)
            sql.appendLiteral(" AND request_id < ")
            sql.appendInterpolation(reach.end)
            sql.appendLiteral(" AND least_id <= ")
            sql.appendInterpolation(reach.greatest)
        }
        return SQL(stringInterpolation: sql)
    }
}
