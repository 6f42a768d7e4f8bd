internal import Primitives
internal import Storage

/// Records that are one row: those of a group whose request ids follow each other and begin alike. A row for each costs more than what is in it
/// (docs/decisions/0029-packs.md).
///
/// The row's key is the greatest request id, and it has the least. Both are of one *span*, the ids that have their first characters in common: 32 milliseconds.
/// So the pack of an id is among the few behind it in the order of keys, up to the end of its span; of several nodes' or groups' packs more than one may reach
/// over it.
struct DecisionPack {
    private(set) var greatestID: RequestID
    let leastID: RequestID
    private(set) var latest: Timestamp
    private var bytes: [UInt8] = []

    /// PostgreSQL compresses rows of more than 2 kB, which costs more than it saves, and SQLite puts two of these on a page.
    private static let fullSize = 1600

    private init(_ record: DecisionRecord) {
        greatestID = record.requestID
        leastID = record.requestID
        latest = record.receivedAt
        bytes.reserveCapacity(Self.fullSize + 400)
        DecisionFields.append(record, after: nil, to: &bytes)
    }

    private mutating func append(_ record: DecisionRecord, after before: DecisionRecord) {
        greatestID = record.requestID
        latest = max(latest, record.receivedAt)
        DecisionFields.append(record, after: before, to: &bytes)
    }

    /// A group's, in the order of their keys.
    static func packs(of records: [DecisionRecord]) -> [DecisionPack] {
        var packs: [DecisionPack] = []
        var before: DecisionRecord?
        var span: Span?
        for index in records.indices.sorted(by: { records[$0].requestID < records[$1].requestID }) {
            let record = records[index]
            if let before, let last = packs.indices.last, packs[last].bytes.count < fullSize, span?.contains(record.requestID) == true {
                packs[last].append(record, after: before)
            } else {
                packs.append(DecisionPack(record))
                span = Span(of: record.requestID)
            }
            before = record
        }
        return packs
    }

    var values: [SQLValue] { [greatestID.sqlValue, leastID.sqlValue, latest.milliseconds.sqlValue, String(decoding: bytes, as: UTF8.self).sqlValue] }

    static let insertion = SQL.Insertion(into: "decision_pack", columns: ["request_id", "least_id", "received_ms", "records"])

    // MARK: Reading

    /// Ids that begin alike.
    struct Span: Hashable {
        private let beginning: String

        init(of id: RequestID) { beginning = String(decoding: id.rawValue.utf8.prefix(Self.length), as: UTF8.self) }

        /// The prefix, and eight of the nine characters of the time (`Identifier.init(at:from:)`).
        private static let length = RequestID.prefix.utf8.count + 8

        func contains(_ id: RequestID) -> Bool { id.rawValue.utf8.prefix(Self.length).elementsEqual(beginning.utf8) }

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
                for record in try DecisionFields.records(try row["records"]) where wanted.contains(record.requestID) { found[record.requestID] = record }
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
