public import HTTPTypes
public import Hummingbird
internal import Foundation
internal import RawStructuredFieldValues

extension HTTPField.Name {
    public static let clientCert = HTTPField.Name("Client-Cert")!
    public static let clientCertChain = HTTPField.Name("Client-Cert-Chain")!
}

extension PresentedCertificate {
    /// The longest chain that is read: longer ones verify nowhere.
    private static let longestChain = 10

    /// Reads `Client-Cert` and `Client-Cert-Chain` (RFC 9440 §2).
    /// - Returns: `nil` when the request has neither.
    /// - Throws: what to tell the proxy.
    public static func read(_ fields: HTTPFields) throws(ClientCertRefusal) -> PresentedCertificate? {
        let (leaf, chain) = (fields[.clientCert], fields[.clientCertChain])
        guard let leaf else {
            guard chain == nil else { throw .chainWithoutCertificate }
            return nil
        }
        // RFC 9440 §2.2: an Item. Several lines would be a List (RFC 8941 §4.2), which it is not.
        var parser = StructuredFieldValueParser(Array(leaf.utf8))
        guard let item = try? parser.parseItemFieldValue(), let der = bytes(item) else { throw .malformed(.clientCert) }
        return PresentedCertificate(der: der, chain: try chain.map(read(chain:)) ?? [], witness: .proxy)
    }

    /// RFC 9440 §2.3: a List of byte sequences, each the issuer of the one before.
    private static func read(chain text: String) throws(ClientCertRefusal) -> [[UInt8]] {
        var parser = StructuredFieldValueParser(Array(text.utf8))
        guard let members = try? parser.parseListFieldValue() else { throw .malformed(.clientCertChain) }
        guard members.count <= longestChain else { throw .longChain }
        var chain: [[UInt8]] = []
        for member in members {
            guard case .item(let item) = member, let der = bytes(item) else { throw .malformed(.clientCertChain) }
            chain.append(der)
        }
        return chain
    }

    private static func bytes(_ item: Item) -> [UInt8]? {
        guard case .undecodedByteSequence(let text) = item.rfc9651BareItem else { return nil }
        guard let bytes = Data(base64Encoded: text), !bytes.isEmpty else { return nil }
        return Array(bytes)
    }
}

/// Why a trusted proxy's fields cannot be read.
public enum ClientCertRefusal: Error, Hashable, Sendable {
    case malformed(HTTPField.Name)
    case longChain
    case chainWithoutCertificate

    public var sentence: String {
        switch self {
        case .malformed(let name): "\(name.rawName) must hold certificates as RFC 9440 byte sequences, each base64 between two colons."
        case .longChain: "Client-Cert-Chain may hold at most 10 certificates."
        case .chainWithoutCertificate: "Client-Cert-Chain stands without Client-Cert."
        }
    }
}

/// Lets the proxies of `--client-cert-proxies` tell which certificate their client presented, or that it presented none: a certificate of the proxy's own is not
/// its client's. Nobody else's fields are read: whoever can write them could be anybody.
public struct ClientCertTrust: RequestStep {
    private let trusted: TrustedProxies

    public init(_ trusted: TrustedProxies) { self.trusted = trusted }

    public func enter(_ request: Request, _ context: inout AppContext) throws {
        guard let peer = context.peer, trusted.contains(peer) else { return }
        context.certificateWitness = .proxy
        do {
            context.clientCertificate = try PresentedCertificate.read(request.headers)
        } catch {
            throw Problem(.invalidRequest, error.sentence)
        }
    }
}
