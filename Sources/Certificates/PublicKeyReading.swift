internal import SwiftASN1

/// What a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) says about its key before anything opens it: libraries refuse weak keys without saying why.
enum PublicKeyReading: Equatable {
    /// A key of a kind that we take.
    case usable(PublicKeyKind)
    case weak(bits: Int)
    case unsupported

    /// - Parameter der: a certificate.
    /// - Returns: `nil` when it is none.
    static func ofCertificate(_ der: [UInt8]) -> PublicKeyReading? {
        // RFC 5280 §4.1: [0] version DEFAULT v1, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo.
        guard let fields = firstSequence(of: der) else { return nil }
        let hasVersion = fields.first?.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
        return read(fields, at: hasVersion ? 6 : 5)
    }

    /// - Parameter der: a certification request.
    /// - Returns: `nil` when it is none.
    static func ofRequest(_ der: [UInt8]) -> PublicKeyReading? {
        // RFC 2986 §4.1: version, subject, subjectPKInfo.
        firstSequence(of: der).flatMap { read($0, at: 2) }
    }

    private static func firstSequence(of der: [UInt8]) -> [ASN1Node]? {
        guard let root = try? DER.parse(der), let first = children(of: root)?.first else { return nil }
        return children(of: first)
    }

    private static func read(_ fields: [ASN1Node], at index: Int) -> PublicKeyReading? {
        guard index < fields.count, let parts = children(of: fields[index]), parts.count == 2, let algorithm = children(of: parts[0]),
            let type = algorithm.first.flatMap({ try? ASN1ObjectIdentifier(derEncoded: $0) }), let bits = try? ASN1BitString(derEncoded: parts[1])
        else { return nil }
        switch type {
        case rsa: return rsaKey(Array(bits.bytes))
        case ec:
            let curve = algorithm.count > 1 ? try? ASN1ObjectIdentifier(derEncoded: algorithm[1]) : nil
            return curve.flatMap { curves[$0] }.map { .usable($0) } ?? .unsupported
        case ed25519: return .usable(.ed25519)
        default: return .unsupported
        }
    }

    /// RFC 8017 §A.1.1, their significant bytes.
    static func rsaNumbers(_ der: [UInt8]) -> (modulus: ArraySlice<UInt8>, exponent: ArraySlice<UInt8>)? {
        guard let root = try? DER.parse(der), let numbers = children(of: root), numbers.count == 2,
            case .primitive(let modulus) = numbers[0].content, case .primitive(let exponent) = numbers[1].content
        else { return nil }
        return (modulus.drop { $0 == 0 }, exponent.drop { $0 == 0 })
    }

    private static func rsaKey(_ der: [UInt8]) -> PublicKeyReading? {
        guard let modulus = rsaNumbers(der)?.modulus else { return nil }
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard bits >= 2048 else { return .weak(bits: bits) }
        // A modulus of any size would let a stranger choose how long we compute.
        return bits <= 8192 ? .usable(.rsa(bits: bits)) : .unsupported
    }

    private static func children(of node: ASN1Node) -> [ASN1Node]? {
        guard case .constructed(let nodes) = node.content else { return nil }
        return Array(nodes)
    }

    private static let rsa: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 1, 1]
    private static let ec: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
    private static let ed25519: ASN1ObjectIdentifier = [1, 3, 101, 112]
    private static let curves: [ASN1ObjectIdentifier: PublicKeyKind] = [
        [1, 2, 840, 10045, 3, 1, 7]: .p256, [1, 3, 132, 0, 34]: .p384, [1, 3, 132, 0, 35]: .p521,
    ]
}

/// The kinds of key that we take.
public enum PublicKeyKind: Hashable, Sendable {
    case p256, p384, p521, ed25519
    case rsa(bits: Int)

    public var words: String {
        switch self {
        case .p256: "EC P-256"
        case .p384: "EC P-384"
        case .p521: "EC P-521"
        case .ed25519: "Ed25519"
        case .rsa(let bits): "RSA \(bits)"
        }
    }
}
