public import HTTPTypes

/// Where a request stands in its caller's trace (W3C Trace Context §3.2.2): passed on to what we call, and named in the log.
public struct TraceParent: Sendable {
    /// As it came.
    public let text: String
    /// 32 hexadecimal digits.
    public let traceID: String

    /// - Returns: `nil` for what the standard calls invalid, which is ignored, `tracestate` with it.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= Self.length, bytes.count <= 300, [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }) else { return nil }
        let fields = [0..<2, 3..<35, 36..<52, 53..<55].map { bytes[$0] }
        guard fields.allSatisfy({ $0.allSatisfy(Self.isDigit) }), Self.isSomething(fields[1]), Self.isSomething(fields[2]) else { return nil }
        let version = String(decoding: fields[0], as: UTF8.self)
        // A later version may say more behind a dash; version 00 may not.
        guard version != "ff", bytes.count == Self.length || (version != "00" && bytes[Self.length] == UInt8(ascii: "-")) else { return nil }
        self.text = text
        traceID = String(decoding: fields[1], as: UTF8.self)
    }

    /// - Returns: `nil` when there is none, or more than one.
    public init?(of headers: HTTPFields) {
        let values = headers[values: .traceParent]
        guard values.count == 1 else { return nil }
        self.init(values[0])
    }

    private static let length = 55

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }
    private static func isSomething(_ digits: ArraySlice<UInt8>) -> Bool { digits.contains { $0 != UInt8(ascii: "0") } }
}

extension HTTPField.Name {
    public static let traceParent = HTTPField.Name("traceparent")!
    public static let traceState = HTTPField.Name("tracestate")!
}
