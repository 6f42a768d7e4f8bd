import Certificates
import Crypto
import Foundation
import Primitives
import SwiftASN1
import X509

/// The moment of every test here.
let noon = Timestamp(seconds: 1_796_126_400)  // 2026-12-01T12:00:00Z

extension Date {
    init(_ timestamp: Timestamp) { self.init(timeIntervalSince1970: Double(timestamp.seconds)) }
}

/// Who issues in a test; with an `issuer` an intermediate one.
struct TestAuthority {
    let name: X509.DistinguishedName
    let key: P256.Signing.PrivateKey
    let certificate: Certificate

    init(
        _ commonName: String, issuer: TestAuthority? = nil, isAuthority: Bool = true, pathLength: Int? = nil,
        usage: KeyUsage = KeyUsage(keyCertSign: true, cRLSign: true), from: Timestamp = noon - .days(10), until: Timestamp = noon + .days(100),
        sharing sharedKey: P256.Signing.PrivateKey? = nil
    ) throws {
        let name = try X509.DistinguishedName { CommonName(commonName) }
        let key = sharedKey ?? P256.Signing.PrivateKey()
        self.name = name
        self.key = key
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date(from), notValidAfter: Date(until),
            issuer: issuer?.name ?? name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(isAuthority ? BasicConstraints.isCertificateAuthority(maxPathLength: pathLength) : .notCertificateAuthority)
                Critical(usage)
                SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
            }, issuerPrivateKey: .init(issuer?.key ?? key))
    }

    var der: [UInt8] { get throws { try certificate.serializeAsPEM().derBytes } }

    /// A client's certificate, unless the extensions say otherwise.
    func issue(
        _ commonName: String = "acme", from: Timestamp = noon - .days(1), until: Timestamp = noon + .days(1), serialNumber: Certificate.SerialNumber = .init(),
        extensions: Certificate.Extensions? = nil
    ) throws -> ClientCertificate {
        let key = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3, serialNumber: serialNumber, publicKey: .init(key.publicKey), notValidBefore: Date(from), notValidAfter: Date(until), issuer: name,
            subject: try X509.DistinguishedName { CommonName(commonName) }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions ?? Certificate.Extensions { try ExtendedKeyUsage([.clientAuth]) }, issuerPrivateKey: .init(self.key))
        return try ClientCertificate.read(try certificate.serializeAsPEM().derBytes).get()
    }

    /// A revocation list (RFC 5280 §5.1), as this authority signs it, DER.
    func revocationList(_ list: TestRevocationList = TestRevocationList(), signedBy other: TestAuthority? = nil) throws -> [UInt8] {
        let signed = try DER.Serializer.serialized { try list.write(issuer: name, into: &$0) }
        let signature = try (other ?? self).key.signature(for: signed).derRepresentation
        return try DER.Serializer.serialized { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                coder.serializeRawBytes(signed)
                try TestRevocationList.algorithm(into: &coder)
                try coder.serialize(ASN1BitString(bytes: ArraySlice(signature)))
            }
        }
    }
}

struct TestRevocationList {
    var serialNumbers: [Certificate.SerialNumber] = []
    var thisUpdate = noon - .hours(1)
    var nextUpdate: Timestamp? = noon + .hours(1)
    var extensions: [(oid: ASN1ObjectIdentifier, isCritical: Bool)] = []
    var entryExtensions: [(oid: ASN1ObjectIdentifier, isCritical: Bool)] = []

    static func algorithm(into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize([1, 2, 840, 10045, 4, 3, 2] as ASN1ObjectIdentifier) }
    }

    func write(issuer: X509.DistinguishedName, into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(1)
            try Self.algorithm(into: &coder)
            try coder.serialize(issuer)
            try coder.serialize(Self.time(thisUpdate))
            if let nextUpdate { try coder.serialize(Self.time(nextUpdate)) }
            if !serialNumbers.isEmpty {
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for number in serialNumbers {
                        try coder.appendConstructedNode(identifier: .sequence) { coder in
                            try coder.serialize(number.bytes)
                            try coder.serialize(Self.time(thisUpdate))
                            if !entryExtensions.isEmpty { try Self.write(entryExtensions, into: &coder) }
                        }
                    }
                }
            }
            if !extensions.isEmpty {
                try coder.appendConstructedNode(identifier: .init(tagWithNumber: 0, tagClass: .contextSpecific)) { try Self.write(extensions, into: &$0) }
            }
        }
    }

    private static func write(_ extensions: [(oid: ASN1ObjectIdentifier, isCritical: Bool)], into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            for (oid, isCritical) in extensions {
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try coder.serialize(oid)
                    if isCritical { try coder.serialize(true) }
                    try coder.serialize(ASN1OctetString(contentBytes: [5, 0]))
                }
            }
        }
    }

    private static func time(_ time: Timestamp) throws -> GeneralizedTime {
        let (date, second) = (time.date, time.secondOfDay)
        return try GeneralizedTime(
            year: date.year, month: date.month, day: date.day, hours: second / 3600, minutes: second / 60 % 60, seconds: second % 60, fractionalSeconds: 0)
    }
}

extension DER.Serializer {
    static func serialized(_ write: (inout DER.Serializer) throws -> Void) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try write(&serializer)
        return serializer.serializedBytes
    }
}

/// A folder of revocation lists that lasts as long as a test.
final class TestFolder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("wekeza-lists-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"), options: .atomic) }
}

/// Every cut of some bytes, and every byte of them changed: what a stranger may send.
func mutilations(of bytes: [UInt8]) -> [[UInt8]] {
    let cuts = stride(from: 0, to: bytes.count, by: 3).map { Array(bytes.prefix($0)) }
    let changes = bytes.indices.flatMap { index in
        [UInt8(0xFF), 0x80, 0x01].map { mask in
            var changed = bytes
            changed[index] ^= mask
            return changed
        }
    }
    return cuts + changes
}
