import Applications
import Certificates
import Primitives

/// What a developer pasted to get a certificate, or to show the one they have.
enum PastedCertificate {
    case request(CertificateRequest)
    case certificate(ClientCertificate, intermediates: [[UInt8]])

    /// What to do instead.
    struct Refusal: Error {
        let message: String
    }

    static func read(_ text: String) throws(Refusal) -> PastedCertificate {
        guard text.contains(where: { !$0.isWhitespace }) else { throw Refusal(message: "Paste a signing request or a certificate") }
        // Whatever else is wrong with it: the key is known to us now, and to every program on the way.
        guard !holdsPrivateKey(text) else {
            throw Refusal(
                message:
                    "This holds a private key, which must never leave your machine. We did not store it, but do not use it any more: make a new key, and paste only the signing request or the certificate"
            )
        }
        let documents = try documents(of: text)
        guard let first = documents.first else {
            throw Refusal(message: "Paste PEM text: it begins with -----BEGIN CERTIFICATE REQUEST----- or -----BEGIN CERTIFICATE-----")
        }
        switch first.label {
        case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
            guard documents.count == 1 else { throw Refusal(message: "Paste one signing request and nothing else") }
            switch CertificateRequest.read(first.der) {
            case .success(let request): return .request(request)
            case .failure(let refusal): throw Refusal(message: refusal.sentence)
            }
        case "CERTIFICATE":
            guard documents.allSatisfy({ $0.label == first.label }) else { throw Refusal(message: "Paste the certificate and its intermediates, nothing else") }
            guard documents.count <= ClientCertificateCheck.longestChain + 1 else { throw Refusal(message: CertificateRefusal.chainTooLong.sentence) }
            switch ClientCertificate.read(first.der) {
            case .success(let certificate): return .certificate(certificate, intermediates: documents.dropFirst().map(\.der))
            case .failure(let refusal): throw Refusal(message: refusal.sentence)
            }
        case "PUBLIC KEY", "RSA PUBLIC KEY":
            throw Refusal(message: "This is only a public key: make a signing request from its key pair, with openssl req -new")
        default: throw Refusal(message: "This is neither a signing request nor a certificate: paste what begins with -----BEGIN CERTIFICATE")
        }
    }

    private static func documents(of text: String) throws(Refusal) -> [PEMText.Document] {
        do {
            return try PEMText(text).documents
        } catch {
            switch error {
            case .unfinished: throw Refusal(message: "A part is missing: paste it whole, from the line with BEGIN to the line with END")
            case .notBase64: throw Refusal(message: "The text between BEGIN and END was changed on the way: copy it once more from the file")
            case .tooMany: throw Refusal(message: "Paste the certificate and its intermediates, nothing else")
            }
        }
    }

    /// In PEM, however torn, or as a JSON Web Key with its private part (RFC 7518 §6.2.2, §6.3.2).
    private static func holdsPrivateKey(_ text: String) -> Bool {
        text.contains("PRIVATE KEY") || text.contains("\"kty\"") && text.contains("\"d\"")
    }
}

extension CertificateRefusal {
    /// Whether a certificate is worth keeping for an app although it is refused here: its owner may register exactly this one (RFC 8705 §2.2), or the operator
    /// mends our lists.
    var leavesAUse: Bool {
        switch self {
        case .selfSigned, .unknownIssuer, .issuerNotValid, .staleRevocationList, .noRevocationList: true
        default: false
        }
    }
}
