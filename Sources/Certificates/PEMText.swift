internal import Foundation

/// The textual encoding of keys and certificates (RFC 7468), as people paste it and files hold it: space and line lengths do not matter, and what stands
/// between the documents is not read (§2).
public struct PEMText: Sendable {
    public struct Document: Sendable {
        /// `CERTIFICATE`, `CERTIFICATE REQUEST`, `PRIVATE KEY` …
        public let label: String
        public let der: [UInt8]
    }

    public let documents: [Document]

    public enum Refusal: Error, Hashable, Sendable {
        /// A beginning without its end, or the other way round.
        case unfinished
        /// What stands between them is not base64.
        case notBase64
        case tooMany
    }

    /// More than a bundle of authorities holds.
    private static let mostDocuments = 1000

    public init(_ text: String) throws(Refusal) {
        var documents: [Document] = []
        var label: String?
        var body = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingPrefix(while: \.isWhitespace)
            if let begun = Self.label(of: line, after: "-----BEGIN ") {
                guard label == nil else { throw .unfinished }
                (label, body) = (begun, "")
            } else if let ended = Self.label(of: line, after: "-----END ") {
                guard ended == label else { throw .unfinished }
                // RFC 1421 §4.6: an encrypted key has headers above its base64.
                let isEncrypted = body.contains(":")
                guard isEncrypted || Data(base64Encoded: body) != nil else { throw .notBase64 }
                guard documents.count < Self.mostDocuments else { throw .tooMany }
                documents.append(Document(label: ended, der: Data(base64Encoded: body).map { Array($0) } ?? []))
                label = nil
            } else if label != nil {
                body += line.filter { !$0.isWhitespace }
            }
        }
        guard label == nil else { throw .unfinished }
        self.documents = documents
    }

    private static func label(of line: Substring, after prefix: String) -> String? {
        guard line.hasPrefix(prefix) else { return nil }
        let rest = line.dropFirst(prefix.count)
        guard let end = rest.firstRange(of: "-----") else { return nil }
        return String(rest[..<end.lowerBound])
    }

    /// The DER of every certificate.
    public var certificates: [[UInt8]] { documents.filter { $0.label == "CERTIFICATE" }.map(\.der) }

    /// Whether a private key of any kind is among them.
    public var holdsPrivateKey: Bool { documents.contains { $0.label.hasSuffix("PRIVATE KEY") } }

    /// RFC 7468 §2: lines of 64 characters.
    public static func encode(_ der: [UInt8], label: String) -> String {
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n"
    }
}
