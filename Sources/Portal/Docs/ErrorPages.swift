import Hummingbird
import OAuth
import Pages
import Web

/// `/docs/errors`: every refusal with its cause and its cure. The `type` of problems and the `error_uri` of OAuth errors lead here.
struct ErrorPages: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/docs/errors") { request, context in
            try await site.docs(request, context, "docs/errors", title: "Errors") { Index() }
        }
        routes.get("/docs/errors/{code}") { request, context in
            guard let code = context.parameters.get("code").flatMap(ErrorCode.init(rawValue:)) else { throw HTTPError(.notFound) }
            return try await site.docs(request, context, "docs/error", title: code.title) { Detail(code, issuer: context.issuer) }
        }
        routes.get("/docs/errors/oauth/{code}") { request, context in
            guard let code = context.parameters.get("code").flatMap(OAuthError.Code.init(rawValue:)) else { throw HTTPError(.notFound) }
            let (refusal, hidden) = try await refusal(in: request, of: code, context)
            return try await site.docs(request, context, "docs/error", title: code.title) {
                Detail(code, issuer: context.issuer, refusal: refusal, hidden: hidden)
            }
        }
    }

    struct Line: Encodable {
        let code, title, address: String
        let status: String?
    }

    struct Rule: Encodable {
        let statement, clause: String
        let parameter: String?
    }

    struct Index: Encodable {
        let navigation = DocsNavigation(current: "errors")
        let api = ErrorCode.allCases.map { Line(code: $0.rawValue, title: $0.title, address: $0.documentationPath, status: String($0.status.code)) }
        let oauth = OAuthError.Code.allCases.map { Line(code: $0.rawValue, title: $0.title, address: $0.documentationPath, status: nil) }
    }

    struct Detail: Encodable {
        let navigation = DocsNavigation(current: "errors")
        let code, title, advice, place: String
        let status: String?
        let clause: String?
        let example: Code
        /// What leads to it.
        let rules: [Rule]
        let hasRules: Bool
        /// The refusal whose `error_uri` this is, for its app's own developers.
        let refusal: RefusalDetail?
        /// Told to everybody else who came by an `error_uri`.
        let hidden: HiddenRefusal?

        init(_ error: ErrorCode, issuer: Issuer) {
            code = error.rawValue
            title = error.title
            advice = error.advice
            place =
                switch error {
                case .unreadableRequest: "Any address"
                case .sandboxOnly: "The sandbox’s controls under /sandbox/v1"
                default: "An API under /v1"
                }
            status = "\(error.status.code) \(error.status.reasonPhrase)"
            clause = nil
            (rules, hasRules) = ([], false)
            (refusal, hidden) = (nil, nil)
            example = Code(
                "Example of the answer",
                """
                {
                  "type": "\(issuer.address(error.documentationPath))",
                  "title": "\(error.title)",
                  "status": \(error.status.code),
                  "detail": "…",
                  "code": "\(error.rawValue)",
                  "request_id": "req_…"
                }
                """, comment: "")
        }

        init(_ error: OAuthError.Code, issuer: Issuer, refusal: RefusalDetail?, hidden: HiddenRefusal?) {
            self.refusal = refusal
            self.hidden = hidden
            clause = error.clause
            rules = RefusalRule.all.filter { $0.code == error }.map { Rule(statement: $0.statement, clause: $0.clause, parameter: $0.parameter) }
            hasRules = !rules.isEmpty
            code = error.rawValue
            title = error.title
            advice = refusal?.advice ?? error.advice
            place = "The authorization server under /oauth2"
            status = nil
            example = Code(
                "Example of the answer",
                """
                {
                  "error": "\(error.rawValue)",
                  "error_description": "…",
                  "error_uri": "\(issuer)\(error.documentationPath)?refusal=…"
                }
                """, comment: "")
        }
    }
}
