import Applications
import Certificates
internal import HTTPTypes
import Hummingbird
import JSON
import Pages
import Primitives
import Storage
import Web

/// `/tls/certificate`: what certificate did you receive from me? For programs in JSON, for browsers as a page.
struct ReceivedCertificatePage: PortalPage {
    let site: PortalSite

    static let address = "/tls/certificate"

    func add(to routes: Routes) {
        routes.get("/tls/certificate") { request, context in
            let received = try await received(context)
            guard request.headers[.accept]?.contains("text/html") == true else { return Response.json(received.json(at: context)) }
            return try await site.page(request, context) { (visitor: Visitor) in
                site.pages.page("portal/received-certificate", Model(received, at: context), shell: visitor.shell("The certificate that reached us"))
            }
        }
    }

    private func received(_ context: AppContext) async throws -> ReceivedCertificate {
        guard let presented = context.clientCertificate else { return .nothing(witness: context.certificateWitness) }
        switch ClientCertificate.read(presented.der) {
        case .failure(let refusal): return .unreadable(refusal)
        case .success(let certificate):
            let check = await site.certificateCheck.check(certificate, intermediates: presented.chain, at: context.receivedAt)
            return .read(certificate, presented, try await withRecord(check, of: certificate))
        }
    }

    /// What the sandbox's authority issued is in force while some app has it.
    private func withRecord(
        _ check: Result<VerifiedClientCertificate, CertificateRefusal>, of certificate: ClientCertificate
    ) async throws -> Result<VerifiedClientCertificate, CertificateRefusal> {
        guard case .success(let verified) = check, verified.authority == .sandbox else { return check }
        let isLive = try await site.database.read { [site] tx in try site.certificates.isLive(certificate.thumbprint, in: tx) }
        return isLive ? check : .failure(.notOfThisApp)
    }

    struct Model: Encodable {
        let answer: String
        let isRefused, isMissing, isRead: Bool
        let sentence: String
        let facts: [Fact]
    }

    struct Fact: Encodable {
        let name, value: String
        let isCode: Bool
    }
}

/// What reached us of a client's certificate.
enum ReceivedCertificate {
    case nothing(witness: PresentedCertificate.Witness?)
    case unreadable(CertificateRefusal)
    case read(ClientCertificate, PresentedCertificate, Result<VerifiedClientCertificate, CertificateRefusal>)

    var isAccepted: Bool { if case .read(_, _, .success) = self { true } else { false } }

    /// What became of it, and what to do.
    func sentence(at context: AppContext) -> String {
        switch self {
        case .nothing(witness: .connection?):
            "The connection asked for a certificate and none came: name the certificate and its key in your client (curl: --cert and --key)."
        case .nothing(witness: .proxy?):
            // Which of its addresses was called, it does not tell.
            "No certificate came to the proxy in front of us: \(call(context))name the certificate and its key in your client (curl: --cert and --key)."
        case .nothing(witness: nil):
            if let base = context.mutualTLSBase {
                "This connection does not ask for a certificate. Call \(base.address(ReceivedCertificatePage.address)); a proxy on the way must pass the connection on, or tell us the certificate."
            } else {
                "This server does not ask for certificates."
            }
        case .unreadable(let refusal), .read(_, _, .failure(let refusal)): refusal.sentence
        case .read(_, _, .success(let verified)):
            switch verified.authority {
            case .configured: "We accept this certificate: an authority that we trust issued it, and it is in force."
            case .sandbox: "We accept this certificate for sandbox apps: our sandbox authority issued it, and it is in force."
            }
        }
    }

    private func call(_ context: AppContext) -> String {
        context.mutualTLSBase.map { "call \($0.address(ReceivedCertificatePage.address)), and " } ?? ""
    }

    /// Why nothing is accepted, for programs.
    var code: String? {
        switch self {
        case .nothing(witness: nil): "wrong_listener"
        case .nothing: "no_certificate"
        case .unreadable(let refusal), .read(_, _, .failure(let refusal)): refusal.code
        case .read(_, _, .success): nil
        }
    }

    func json(at context: AppContext) -> JSONObject {
        var object = JSONObject([("accepted", .boolean(isAccepted))])
        object.append("refusal", code)
        object.append("detail", sentence(at: context))
        if case .nothing = self { object.append("address", context.mutualTLSBase?.address(ReceivedCertificatePage.address)) }
        guard case .read(let certificate, let presented, _) = self else { return object }
        object.append("subject", certificate.subject.text)
        object.append("issuer", certificate.issuer.text)
        object.append("serial_number", certificate.serialNumber)
        object.append("x5t#S256", certificate.thumbprint.text)
        object.append("key", certificate.publicKey.words)
        object.append("valid_from", certificate.notBefore.rfc3339)
        object.append("valid_until", certificate.notAfter.rfc3339)
        object.append("self_signed", .boolean(certificate.isSelfSigned))
        object.append("intermediates", .integer(Int64(presented.chain.count)))
        object.append("seen_by", presented.witness == .proxy ? "proxy" : "us")
        return object
    }
}

extension ReceivedCertificatePage.Model {
    init(_ received: ReceivedCertificate, at context: AppContext) {
        sentence = received.sentence(at: context)
        if case .nothing = received { isMissing = true } else { isMissing = false }
        if case .read = received { isRead = true } else { isRead = false }
        isRefused = !received.isAccepted && !isMissing
        answer = received.isAccepted ? "We accept your certificate" : isMissing ? "No certificate reached us" : "We do not accept your certificate"
        facts =
            if case .read(let certificate, let presented, _) = received {
                [
                    .init("Subject", certificate.subject.text), .init("Issuer", certificate.issuer.text), .init("Serial number", certificate.serialNumber),
                    .init("Thumbprint (x5t#S256)", certificate.thumbprint.text), .init("Key", certificate.publicKey.words, isCode: false),
                    .init("Valid from", certificate.notBefore.rfc3339, isCode: false), .init("Valid until", certificate.notAfter.rfc3339, isCode: false),
                    .init("Intermediates sent", "\(presented.chain.count)", isCode: false),
                    .init("Seen by", presented.witness == .proxy ? "A proxy that we trust" : "Our own listener", isCode: false),
                ]
            } else {
                []
            }
    }
}

extension ReceivedCertificatePage.Fact {
    init(_ name: String, _ value: String, isCode: Bool = true) {
        self.name = name
        self.value = value
        self.isCode = isCode
    }
}
