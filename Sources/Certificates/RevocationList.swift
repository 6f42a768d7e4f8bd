internal import Foundation
internal import Primitives
internal import SwiftASN1
internal import Synchronization
internal import X509

/// What one authority revoked (RFC 5280 §5): a complete list. Lists that cover a part, or speak for other authorities, say so in a critical extension and
/// are not taken.
final class RevocationList: Sendable {
    let issuer: X509.DistinguishedName
    let thisUpdate: Timestamp
    let nextUpdate: Timestamp
    /// Their significant bytes.
    private let serialNumbers: Set<[UInt8]>
    private let signedBytes: [UInt8]
    private let signature: [UInt8]
    private let algorithm: Certificate.SignatureAlgorithm
    /// The keys that were tried lately, and whether each made the signature: hashing a list of megabytes takes long, and an authority that changes its key has
    /// two under one name.
    private let tried = Mutex(RecentlyUsed<Certificate.PublicKey, Bool>(capacity: 8))

    /// - Throws: `RevocationListRefusal`.
    init(der: [UInt8]) throws {
        guard let root = try? DER.parse(der), let parts = Self.children(of: root), parts.count == 3 else { throw RevocationListRefusal.malformed }
        guard let algorithm = Self.algorithm(parts[1]) else { throw RevocationListRefusal.unknownSignature }
        guard let signature = try? ASN1BitString(derEncoded: parts[2]), let fields = Self.children(of: parts[0]) else {
            throw RevocationListRefusal.malformed
        }
        let content = try Content(fields)
        issuer = content.issuer
        thisUpdate = content.thisUpdate
        nextUpdate = content.nextUpdate
        serialNumbers = content.serialNumbers
        signedBytes = Array(parts[0].encodedBytes)
        self.signature = Array(signature.bytes)
        self.algorithm = algorithm
    }

    /// RFC 5280 §6.3.3 (f) and (g).
    func isSigned(by authority: Certificate) -> Bool {
        guard CertificateExtensions(authority)?.mayRevoke == true else { return false }
        let key = authority.publicKey
        if let isSigner = tried.withLock({ $0[key] }) { return isSigner }
        let isSigner = key.isValidSignature(signature, for: signedBytes, signatureAlgorithm: algorithm)
        tried.withLock { $0[key] = isSigner }
        return isSigner
    }

    func revokes(_ serialNumber: Certificate.SerialNumber) -> Bool { serialNumbers.contains(Self.significant(serialNumber.bytes)) }

    /// An authority's clock may run ahead of ours.
    private static let skew = Duration.minutes(5)

    /// Out of date, it says nothing: what was revoked since is not in it.
    func isCurrent(at now: Timestamp) -> Bool { thisUpdate <= now + Self.skew && now < nextUpdate }

    /// Numbers are compared, not spellings.
    fileprivate static func significant(_ bytes: some Sequence<UInt8>) -> [UInt8] { Array(bytes.drop { $0 == 0 }) }

    fileprivate static func children(of node: ASN1Node) -> [ASN1Node]? {
        guard case .constructed(let nodes) = node.content else { return nil }
        return Array(nodes)
    }

    private static func algorithm(_ node: ASN1Node) -> Certificate.SignatureAlgorithm? {
        children(of: node)?.first.flatMap { try? ASN1ObjectIdentifier(derEncoded: $0) }.flatMap { algorithms[$0] }
    }

    private static let algorithms: [ASN1ObjectIdentifier: Certificate.SignatureAlgorithm] = [
        [1, 2, 840, 10045, 4, 3, 2]: .ecdsaWithSHA256, [1, 2, 840, 10045, 4, 3, 3]: .ecdsaWithSHA384, [1, 2, 840, 10045, 4, 3, 4]: .ecdsaWithSHA512,
        [1, 2, 840, 113549, 1, 1, 11]: .sha256WithRSAEncryption, [1, 2, 840, 113549, 1, 1, 12]: .sha384WithRSAEncryption,
        [1, 2, 840, 113549, 1, 1, 13]: .sha512WithRSAEncryption, [1, 3, 101, 112]: .ed25519,
    ]
}

/// The fields of a TBSCertList (RFC 5280 §5.1.2), in their order.
private struct Content {
    let issuer: X509.DistinguishedName
    let thisUpdate: Timestamp
    let nextUpdate: Timestamp
    let serialNumbers: Set<[UInt8]>

    init(_ fields: [ASN1Node]) throws {
        var fields = fields[...]
        // version: v2 is 1; a list of v1 has none.
        if fields.first?.identifier == ASN1Identifier.integer { fields.removeFirst() }
        guard fields.popFirst() != nil, let issuer = fields.popFirst(), let thisUpdate = fields.popFirst().flatMap(Self.time) else {
            throw RevocationListRefusal.malformed
        }
        // §5.1.2.5: conforming authorities always say when the next one comes.
        guard let nextUpdate = fields.popFirst().flatMap(Self.time) else { throw RevocationListRefusal.noNextUpdate }
        do { self.issuer = try X509.DistinguishedName(derEncoded: issuer) } catch { throw RevocationListRefusal.malformed }
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        var serialNumbers: Set<[UInt8]> = []
        if fields.first?.identifier == .sequence, let entries = fields.popFirst() {
            guard case .constructed(let nodes) = entries.content else { throw RevocationListRefusal.malformed }
            for entry in nodes { serialNumbers.insert(try Self.serialNumber(entry)) }
        }
        self.serialNumbers = serialNumbers
        if let extensions = fields.popFirst() {
            guard extensions.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific),
                let list = RevocationList.children(of: extensions)?.first
            else { throw RevocationListRefusal.malformed }
            try Self.refuseCritical(list)
        }
        guard fields.isEmpty else { throw RevocationListRefusal.malformed }
    }

    private static func serialNumber(_ entry: ASN1Node) throws -> [UInt8] {
        guard let parts = RevocationList.children(of: entry), parts.count >= 2, parts[0].identifier == .integer, case .primitive(let number) = parts[0].content
        else { throw RevocationListRefusal.malformed }
        // §5.3.3: an entry that names another authority does so critically.
        if parts.count > 2 { try refuseCritical(parts[2]) }
        return RevocationList.significant(number)
    }

    /// §5.2: a list with a critical extension that is not understood must not be used to say that a certificate is good.
    private static func refuseCritical(_ list: ASN1Node) throws {
        guard let extensions = RevocationList.children(of: list) else { throw RevocationListRefusal.malformed }
        for field in extensions {
            guard let parts = RevocationList.children(of: field), parts.count >= 2 else { throw RevocationListRefusal.malformed }
            if parts.count > 2, try Bool(derEncoded: parts[1]) { throw RevocationListRefusal.criticalExtension }
        }
    }

    private static func time(_ node: ASN1Node) -> Timestamp? {
        let parts: (Int, Int, Int, Int, Int, Int)
        if let time = try? UTCTime(derEncoded: node) {
            parts = (time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        } else if let time = try? GeneralizedTime(derEncoded: node) {
            parts = (time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        } else {
            return nil
        }
        guard let date = CivilDate(year: parts.0, month: parts.1, day: parts.2) else { return nil }
        return date.start + .seconds(parts.3 * 3600 + parts.4 * 60 + parts.5)
    }
}

/// Why a list is not taken.
public enum RevocationListRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLarge
    case malformed
    case noNextUpdate
    case criticalExtension
    case unknownSignature

    public var description: String {
        switch self {
        case .tooLarge: "it is larger than \(RevocationLists.largestFile / 1_000_000) MB"
        case .malformed: "it is not a certificate revocation list in DER or PEM"
        case .noNextUpdate: "it does not say when the next one comes"
        case .criticalExtension: "it covers only a part, or other authorities, by a critical extension"
        case .unknownSignature: "its signature is of a kind that is not taken"
        }
    }
}
