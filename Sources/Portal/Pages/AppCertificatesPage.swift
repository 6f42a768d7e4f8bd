import Applications
import Certificates
import Events
internal import HTTPTypes
import Hummingbird
import OAuth
import Pages
import Primitives
import Storage
import Web

/// `/portal/apps/{id}/certificates`: what an app proves itself with over mutual TLS. A signing request is certified by the sandbox's authority, a certificate is
/// looked at and kept; both say precisely what is wrong.
struct AppCertificatesPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/certificates") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let app = try await app(context, of: developer)
                let query = request.query ?? Web.Parameters()
                let done =
                    query["issued"] != nil
                    ? "The certificate is issued"
                    : query["added"] != nil ? "The certificate is added" : query["removed"] != nil ? "The certificate is removed" : nil
                return try await show(app, "", FormErrors(), done: done, developer, context)
            }
        }
        routes.post("/portal/apps/{id}/certificates") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in
                try await add(form["pem"] ?? "", to: try await app(context, of: developer), developer, context)
            }
        }
        routes.get("/portal/apps/{id}/certificates/authority.pem") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                _ = try await app(context, of: developer)
                return Self.file(site.sandboxAuthority.pem, named: "wekeza-sandbox-authority.pem")
            }
        }
        routes.get("/portal/apps/{id}/certificates/{thumbprint}/certificate.pem") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let app = try await app(context, of: developer)
                let certificate = try await certificate(context, of: app)
                let issuer = certificate.source == .request ? site.sandboxAuthority.pem : ""
                return Self.file(certificate.pem + issuer, named: "\(app.clientID.text)-\(certificate.thumbprint.text.prefix(8)).pem")
            }
        }
        routes.get("/portal/apps/{id}/certificates/{thumbprint}/remove") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await ask(developer, context) }
        }
        routes.post("/portal/apps/{id}/certificates/{thumbprint}/remove") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await remove(developer, context) }
        }
    }

    struct Model: Encodable {
        let app: AppHead
        let done: String?
        let errors: ErrorSummary?
        let certificates: [CertificateRow]
        let hasCertificates, isSandbox: Bool
        let pem: Field
        let making: Code?
        let trying: Code?
    }

    struct CertificateRow: Encodable {
        let thumbprint, subject, source, until, left: String
        let state, tone: String
        /// What is wrong with it, where something is.
        let detail: String?
    }

    private func show(
        _ app: App, _ pasted: String, _ errors: FormErrors, done: String? = nil, _ developer: Developer, _ context: AppContext,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let now = context.receivedAt
        let certificates = try await site.database.read { [site] tx in try site.certificates.list(of: app.id, in: tx) }
        var rows: [CertificateRow] = []
        for certificate in certificates { rows.append(CertificateRow(certificate, await check(certificate, at: now), at: now)) }
        let isSandbox = app.environment == .sandbox
        let model = Model(
            app: AppHead(app, tab: "certificates", at: now), done: done, errors: errors.summary, certificates: rows, hasCertificates: !rows.isEmpty,
            isSandbox: isSandbox,
            pem: .textarea(
                "pem", isSandbox ? "Signing request or certificate" : "Certificate",
                value: pasted,
                hint: "PEM text, a certificate with its intermediates behind it. Never a private key.", errors: errors, rows: 8, isVerbatim: true),
            making: isSandbox
                ? Code(
                    "Make a key and a signing request with OpenSSL",
                    """
                    # Makes client.key, which stays with you, and client.csr, which you paste below
                    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
                      -keyout client.key -out client.csr -subj "/CN=\(app.clientID.text)"
                    """) : nil,
            trying: context.mutualTLSBase.map { trying($0) })
        return site.pages.page(
            "portal/app-certificates", model, shell: developer.shell("Certificates of \(app.name)", current: "apps", isError: !errors.isEmpty), status: status)
    }

    private func trying(_ base: MutualTLSBase) -> Code {
        let call = "curl --cert client.pem --key client.key \\\n  \(base.address(ReceivedCertificatePage.address))"
        // Its own certificate is of an authority that nobody knows.
        let demo = "# The demo’s server has a development certificate: add --cacert var/tls/authority.pem\n"
        return Code("Ask what certificate reaches us, with curl", (site.isDemo ? demo : "") + call)
    }

    private func check(_ certificate: AppCertificate, at now: Timestamp) async -> CertificateRefusal? {
        guard let read = certificate.certificate else { return .malformed }
        switch await site.certificateCheck.check(read, intermediates: certificate.intermediates, at: now) {
        case .success: return nil
        case .failure(let refusal): return refusal
        }
    }

    private func add(_ pasted: String, to app: App, _ developer: Developer, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        do {
            let (certificate, notice) = try await certificate(from: pasted, for: app, at: now)
            let facts = RequestFacts(context)
            let outcome = try await site.database.write { [site] tx in
                try site.certificates.add(certificate, by: developer.actor, requestID: facts.requestID, in: tx)
            }
            if case .failure(let refusal) = outcome { throw PastedCertificate.Refusal(message: refusal.message) }
            return .seeOther("/portal/apps/\(app.id)/certificates?\(notice)=1")
        } catch let refusal as PastedCertificate.Refusal {
            var errors = FormErrors()
            errors.add(field: "pem", refusal.message)
            // What holds a key is not sent back either.
            let shown = pasted.contains("PRIVATE KEY") || pasted.contains("\"d\"") ? "" : pasted
            return try await show(app, shown, errors, developer, context, status: .unprocessableContent)
        }
    }

    /// - Throws: `PastedCertificate.Refusal`.
    private func certificate(from pasted: String, for app: App, at now: Timestamp) async throws -> (AppCertificate, notice: String) {
        switch try PastedCertificate.read(pasted) {
        case .request(let request):
            guard app.environment == .sandbox else {
                throw PastedCertificate.Refusal(message: "Our authority issues for sandbox apps only: paste the certificate that your own authority issued")
            }
            return (try site.sandboxAuthority.issue(to: request, for: app, at: now), "issued")
        case .certificate(let certificate, let intermediates):
            switch await site.certificateCheck.check(certificate, intermediates: intermediates, at: now) {
            case .success(let verified) where verified.authority == .sandbox:
                throw PastedCertificate.Refusal(message: "Our sandbox authority issued this certificate: the app that asked for it has it already")
            case .success: break
            case .failure(let refusal):
                guard refusal.leavesAUse else { throw PastedCertificate.Refusal(message: refusal.sentence) }
            }
            return (AppCertificate(certificate, intermediates: intermediates, of: app.id, source: .upload, at: now), "added")
        }
    }

    struct RemoveModel: Encodable {
        let app: AppHead
        let thumbprint, subject, source, until: String
        let isIssued: Bool
    }

    private func ask(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let app = try await app(context, of: developer)
        let certificate = try await certificate(context, of: app)
        let model = RemoveModel(
            app: AppHead(app, tab: "certificates", at: context.receivedAt), thumbprint: certificate.thumbprint.text, subject: certificate.subject,
            source: certificate.source.words, until: certificate.notAfter.dayAndClock, isIssued: certificate.source == .request)
        return site.pages.page("portal/remove-certificate", model, shell: developer.shell("Remove a certificate", current: "apps"))
    }

    private func remove(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let app = try await app(context, of: developer)
        let certificate = try await certificate(context, of: app)
        let facts = RequestFacts(context)
        let isRemoved = try await site.database.write { [site] tx in
            try site.certificates.remove(certificate.thumbprint, of: app.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
        }
        guard isRemoved else { throw PortalRefusal.notFound }
        return .seeOther("/portal/apps/\(app.id)/certificates?removed=1")
    }

    /// An app that runs on customers' devices can keep no key, so it has no certificates.
    private func app(_ context: AppContext, of developer: Developer) async throws -> App {
        let app = try await site.app(context, of: developer)
        guard app.isConfidential else { throw PortalRefusal.notFound }
        return app
    }

    private func certificate(_ context: AppContext, of app: App) async throws -> AppCertificate {
        guard let thumbprint = context.parameters.get("thumbprint").flatMap({ Thumbprint($0) }),
            let certificate = try await site.database.read({ [site] tx in try site.certificates.find(thumbprint, of: app.id, in: tx) }), !certificate.isRemoved
        else { throw PortalRefusal.notFound }
        return certificate
    }

    private static func file(_ pem: String, named name: String) -> Response {
        var response = Response.text(pem)
        response.headers[.contentType] = "application/x-pem-file"
        response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        return response
    }
}

extension AppCertificate.Source {
    var words: String {
        switch self {
        case .request: "Issued by our sandbox authority"
        case .upload: "Added by you"
        }
    }
}

extension AppCertificatesPage.CertificateRow {
    /// People are told two weeks before.
    private static let warned = Duration.days(14)

    init(_ certificate: AppCertificate, _ refusal: CertificateRefusal?, at now: Timestamp) {
        thumbprint = certificate.thumbprint.text
        subject = certificate.subject
        source = certificate.source.words
        until = certificate.notAfter.day
        left = certificate.isExpired(at: now) ? "Expired" : certificate.notAfter.left(seenAt: now)
        (state, tone, detail) =
            switch refusal {
            case nil where certificate.notAfter <= now + Self.warned: ("Expires soon", "caution", "Make the next one now: both work until this one expires.")
            case nil: ("In force", "positive", nil)
            case .expired: ("Expired", "critical", "Make a new one, then remove this one.")
            case .notYetValid(let from): ("Not yet", "caution", "Valid from \(from.dayAndClock).")
            case .selfSigned: ("Self-signed", "info", refusal?.sentence)
            case let refusal?: ("Not trusted", "critical", refusal.sentence)
            }
    }
}
