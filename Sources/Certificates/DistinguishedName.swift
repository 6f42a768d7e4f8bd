internal import SwiftASN1
internal import X509

/// A distinguished name (RFC 5280 §4.1.2.4): the subject of a certificate, or the text that a client registered for it (RFC 8705 §2.1.2).
///
/// Two are equal when the same attributes stand in the same order with values that match (RFC 5280 §7.1): strings whatever their encoding, without regard
/// to case, with outer space dropped and inner space counted once, and in Unicode's canonical equivalence. Compatibility characters (RFC 4518 §2.3 would map
/// `ﬁ` to `fi`) stay different: that can only refuse. A value that is no string matches byte by byte.
public struct DistinguishedName: Sendable, CustomStringConvertible {
    /// RFC 4514: the last attribute first, separated by commas.
    public let text: String
    /// In the order of the encoding; several attributes of one name have no order.
    private let names: [Set<Attribute>]

    struct Attribute: Hashable, Sendable {
        let type: ASN1ObjectIdentifier
        let value: Value
    }

    enum Value: Hashable, Sendable {
        /// Prepared for comparison.
        case text(String)
        /// DER.
        case bytes([UInt8])
    }

    /// - Parameter parts: in the order of the encoding, each attribute with its text as RFC 4514 writes it.
    init(_ parts: [[(attribute: Attribute, text: String)]]) {
        names = parts.map { Set($0.map(\.attribute)) }
        text = parts.reversed().map { $0.map(\.text).joined(separator: "+") }.joined(separator: ",")
    }

    public var description: String { text }

    public var isEmpty: Bool { names.isEmpty }
}

extension DistinguishedName: Hashable {
    public static func == (lhs: DistinguishedName, rhs: DistinguishedName) -> Bool { lhs.names == rhs.names }

    public func hash(into hasher: inout Hasher) { hasher.combine(names) }
}

extension DistinguishedName {
    init(_ name: X509.DistinguishedName) {
        self.init(
            name.map { part in
                part.map { attribute in
                    if let text = String(attribute.value) { return Self.read(attribute.type, text: text) }
                    return Self.read(attribute.type, der: Self.der(of: ASN1Any(attribute.value)))
                }
            })
    }

    static func read(_ type: ASN1ObjectIdentifier, text: String) -> (attribute: Attribute, text: String) {
        (Attribute(type: type, value: .text(prepared(text))), "\(AttributeKeyword.name(of: type))=\(escaped(text))")
    }

    static func read(_ type: ASN1ObjectIdentifier, der: [UInt8]) -> (attribute: Attribute, text: String) {
        (Attribute(type: type, value: .bytes(der)), "\(AttributeKeyword.name(of: type))=#\(hexadecimal(der))")
    }

    private static func der(of value: ASN1Any) -> [UInt8] {
        var serializer = DER.Serializer()
        // What was parsed is written as it was.
        try? serializer.serialize(value)
        return serializer.serializedBytes
    }

    /// RFC 5280 §7.1, RFC 4518 §2.6.1.
    private static func prepared(_ text: String) -> String {
        text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// RFC 4514 §2.4; what cannot be seen is escaped too.
    private static func escaped(_ text: String) -> String {
        var output = ""
        let scalars = Array(text.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let isOuter = index == 0 || index == scalars.count - 1
            switch scalar {
            case ",", "+", "\"", "\\", "<", ">", ";": output += "\\\(scalar)"
            case " " where isOuter: output += "\\ "
            case "#" where index == 0: output += "\\#"
            default:
                if isSeen(scalar) { output.unicodeScalars.append(scalar) } else { output += String(scalar).utf8.map { "\\" + hexadecimal([$0]) }.joined() }
            }
        }
        return output
    }

    private static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return bytes.reduce(into: "") {
        $0.append(digits[Int($1 >> 4)])
        $0.append(digits[Int($1 & 15)])
    }
}
