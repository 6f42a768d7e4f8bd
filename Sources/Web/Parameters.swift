public import Hummingbird
internal import NIOCore
internal import HTTPTypes
internal import Primitives

/// The parameters of a form or a query, decoded once where they enter. Repeated names are kept apart, so that a protocol may refuse them (RFC 6749 §3.1)
/// and a page may read a list of checkboxes.
public struct Parameters: Sendable {
    public private(set) var pairs: [(name: String, value: String)]

    public init(_ pairs: [(name: String, value: String)] = []) { self.pairs = pairs }

    /// Decodes `application/x-www-form-urlencoded` text (WHATWG URL §5.1).
    /// - Returns: `nil` for a broken percent escape, for bytes that are not UTF-8, for a NUL, or for more than 1,000 parameters.
    public init?(urlEncoded text: String) {
        var text = text
        guard let pairs = text.withUTF8(Self.read) else { return nil }
        self.pairs = pairs
    }

    private static func read(_ text: UnsafeBufferPointer<UInt8>) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "&")) ?? text.count
            if end > start {
                let equals = text[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
                guard pairs.count < 1000, let name = decode(text[start..<equals]), let value = equals < end ? decode(text[(equals + 1)..<end]) : "" else {
                    return nil
                }
                pairs.append((name, value))
            }
            start = end + 1
        }
        return pairs
    }

    /// The first value of this name.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    public func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// The first name that occurs twice.
    public var repeatedName: String? {
        var seen = Set<String>()
        return pairs.first { !seen.insert($0.name).inserted }?.name
    }

    private static func decode(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        // Most values say what they are. Cut at ASCII, a piece of UTF-8 is UTF-8.
        guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") || $0 == 0 }) else { return String(decoding: bytes, as: UTF8.self) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): output.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexValue), let low = iterator.next().flatMap(hexValue) else { return nil }
                output.append(high << 4 | low)
            default: output.append(byte)
            }
        }
        guard !output.contains(0) else { return nil }
        return String(utf8: output)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    /// Encodes one component for a query or a form: everything but unreserved characters (RFC 3986 §2.3) becomes percent escapes.
    public static func encode(_ text: String) -> String {
        var output: [UInt8] = []
        encode(text, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static func encode(_ text: String, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: output.append(byte)
            default:
                output.append(UInt8(ascii: "%"))
                output.append(hexadecimalDigit(byte >> 4))
                output.append(hexadecimalDigit(byte & 15))
            }
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "A") }

    /// `a=1&b=2`
    public var urlEncoded: String {
        var output: [UInt8] = []
        output.reserveCapacity(pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 8 })
        for pair in pairs {
            if !output.isEmpty { output.append(UInt8(ascii: "&")) }
            Self.encode(pair.name, to: &output)
            output.append(UInt8(ascii: "="))
            Self.encode(pair.value, to: &output)
        }
        return String(decoding: output, as: UTF8.self)
    }
}

/// Why a body could not be read as a form.
public enum FormError: Error {
    /// The content type is not `application/x-www-form-urlencoded`: 415.
    case unsupportedMediaType
    /// Bytes that are no form: 400.
    case malformed
}

extension Request {
    /// Reads the body as a form.
    /// - Throws: `FormError`; 413 beyond 64 kB.
    public func form(context: AppContext) async throws -> Parameters {
        let type = headers[.contentType]?.split(separator: ";").first.map { $0.trimmingWhitespace().lowercased() }
        guard type == "application/x-www-form-urlencoded" else { throw FormError.unsupportedMediaType }
        let buffer = try await body.collect(upTo: 65_536)
        guard let text = String(utf8: buffer.readableBytesView), let parameters = Parameters(urlEncoded: text) else {
            throw FormError.malformed
        }
        return parameters
    }

    /// The query's parameters, `nil` when it is broken.
    public var query: Parameters? { Parameters(urlEncoded: uri.query ?? "") }
}

extension StringProtocol {
    public func trimmingWhitespace() -> String {
        var view = Substring(self)
        if let first = view.utf8.first, let last = view.utf8.last, first > 0x20, last > 0x20, first < 0x7F, last < 0x7F { return String(self) }
        while let first = view.first, first.isWhitespace { view.removeFirst() }
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}
