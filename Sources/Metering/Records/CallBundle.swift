internal import Primitives
internal import Storage

/// Calls that are one row where they wait and on a shelf: those of one second that have all else in common which is asked for there.
///
/// The row has the time of the latest call and the greatest request id, which may be another call's. One of several calls has all of them in its column
/// `places`, in no order: `1795240800123:req_… 1795240800456:req_…`.
struct CallBundle {
    struct Call: Hashable, Comparable {
        let receivedAt: Timestamp
        let requestID: RequestID

        /// In the order of time.
        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.receivedAt, lhs.requestID) < (rhs.receivedAt, rhs.requestID) }
    }

    private let first: Call
    private(set) var count = 1
    private(set) var latest: Timestamp
    private(set) var greatestID: RequestID
    private var bytes: [UInt8] = []

    init(_ call: Call) {
        first = call
        latest = call.receivedAt
        greatestID = call.requestID
    }

    mutating func add(_ call: Call) {
        beginNext()
        write(call)
        count += 1
        latest = max(latest, call.receivedAt)
        greatestID = max(greatestID, call.requestID)
    }

    mutating func add(_ other: CallBundle) {
        beginNext()
        if other.count == 1 { write(other.first) } else { bytes += other.bytes }
        count += other.count
        latest = max(latest, other.latest)
        greatestID = max(greatestID, other.greatestID)
    }

    private mutating func beginNext() {
        if count == 1 {
            bytes.reserveCapacity(200)
            write(first)
        }
        bytes.append(UInt8(ascii: " "))
    }

    private mutating func write(_ call: Call) {
        bytes.append(decimal: call.receivedAt.milliseconds)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(text: call.requestID.rawValue)
    }

    /// What `places` holds: `nil` of one call, which the row itself tells.
    var text: String? { count > 1 ? String(decoding: bytes, as: UTF8.self) : nil }

    /// The calls of a row.
    /// - Throws: for text that is none of ours.
    static func calls(of row: Row) throws -> [Call] {
        guard let places: String = try row["places"] else {
            return [Call(receivedAt: Timestamp(milliseconds: try row["received_ms"]), requestID: try row["request_id"])]
        }
        return try places.utf8.split(separator: UInt8(ascii: " ")).map { place in
            guard let colon = place.firstIndex(of: UInt8(ascii: ":")), let milliseconds = Int64(Substring(place[..<colon])) else {
                throw StorageError.failed(reason: "places of calls are not what was written")
            }
            let requestID = RequestID(trusted: String(Substring(place[place.index(after: colon)...])))
            return Call(receivedAt: Timestamp(milliseconds: milliseconds), requestID: requestID)
        }
    }

    // MARK: Seconds

    private static let millisecondsOfSecond: Int64 = 1000

    static func second(of moment: Timestamp) -> Int64 { moment.milliseconds / millisecondsOfSecond }

    /// That of a second which an address names may lie beyond what a timestamp holds, which saturates.
    static func start(ofSecond second: Int64) -> Timestamp { Timestamp(seconds: second) }

    /// The same in SQL, of a row.
    static let second = "received_ms / \(millisecondsOfSecond)"

    /// All places of rows that become one, in the words of the engine.
    static func placesTogether(on engine: Engine) -> String {
        let together = engine == .sqlite ? "group_concat" : "string_agg"
        return "CASE COUNT(*) WHEN 1 THEN MAX(places) ELSE \(together)(COALESCE(places, received_ms || ':' || request_id), ' ') END"
    }
}
