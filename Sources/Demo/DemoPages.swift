package import AsyncHTTPClient
package import Hummingbird
package import Pages
package import Primitives
package import Web
internal import Foundation
internal import HTTPTypes
internal import Logging

/// "Financial Copilot", the built-in relying party: a partner's app like any other, which knows the platform's public address,
/// its own client id and its secret, and nothing else.
package struct DemoPages: Sendable {
    private let pages: PageRenderer
    private let cookies: CookiePolicy
    private let platform: PlatformClient
    private let flowSealer: Sealer
    private let connectionSealer: Sealer
    private let randomness: any RandomSource
    private let mailbox: (@Sendable () async -> [MailboxEntry])?

    /// - Parameters:
    ///   - issuer: the platform's public address; Financial Copilot is served there too, at `/demo`.
    ///   - http: trusts the certificate of that address.
    ///   - mailbox: what the demo's mail kept, the newest first; `nil` when mail goes out.
    package init(
        pages: PageRenderer, cookies: CookiePolicy, master: MasterKey, randomness: any RandomSource, issuer: Issuer, clientID: String,
        clientSecret: Secret, http: HTTPClient, mailbox: (@Sendable () async -> [MailboxEntry])?
    ) {
        self.pages = pages
        self.cookies = cookies
        platform = PlatformClient(issuer: issuer, clientID: clientID, secret: clientSecret, http: http)
        flowSealer = Sealer(master, purpose: "demo/flow")
        connectionSealer = Sealer(master, purpose: "demo/connection")
        self.randomness = randomness
        self.mailbox = mailbox
    }

    package func add(to router: Router<AppContext>) {
        router.get("/demo") { request, context in start(request, context) }
        router.post("/demo/connect") { request, context in try await guarded(request, context) { try await connect(request, context) } }
        router.get("/demo/callback") { request, context in try await guarded(request, context) { try await callback(request, context) } }
        router.get("/demo/month") { request, context in try await guarded(request, context) { try await month(request, context) } }
        router.post("/demo/disconnect") { request, context in try await guarded(request, context) { try await disconnect(request, context) } }
        if mailbox != nil { router.get("/demo/mailbox") { _, context in await mailboxPage(context) } }
    }

    // MARK: Start

    private struct StartPage {
        let months: Int
    }

    private func start(_ request: Request, _ context: AppContext) -> Response {
        guard connection(in: request) == nil else { return .seeOther("/demo/month") }
        return pages.page("demo/start", StartPage(months: CalendarMonth.reach), shell: shell("Financial Copilot", width: .wide))
    }

    /// Lodges the consent with a token of its own, then sends the customer to approve it.
    private func connect(_ request: Request, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        let token = try await appToken()
        let wish = Wish(
            permissions: ["ReadAccountsBasic", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"],
            expires_at: (now + .days(90)).rfc3339,
            transactions_from: CalendarMonth(of: now).adding(months: 1 - CalendarMonth.reach).first.start.rfc3339)
        let answer = try await platform.api("POST", "/v1/consents", token: token, body: JSONEncoder().encode(wish), idempotencyKey: randomness.alphanumerics(24))
        guard answer.status == 201 else { throw DemoRefusal(answer.problem ?? .unknown(answer.status), doing: "The request for the customer's consent was refused.") }
        let flow = Flow(consentID: try answer.decode(Lodged.self).id, randomness: randomness, at: now)
        let details = Data(try JSONEncoder().encode([Detail(consent_id: flow.consentID)]))
        let query = Web.Parameters([
            ("response_type", "code"), ("client_id", platform.clientID), ("redirect_uri", redirectURI), ("scope", "openid profile"),
            ("state", flow.state), ("nonce", flow.nonce), ("code_challenge", flow.challenge), ("code_challenge_method", "S256"),
            ("authorization_details", String(decoding: details, as: UTF8.self)),
        ])
        var response = Response.seeOther("\(try await platform.discover().authorization_endpoint)?\(query.urlEncoded)")
        var flows = flows(in: request)
        flows.add(flow)
        set(flows, on: &response)
        return response
    }

    private struct Wish: Encodable {
        let type = "account_access"
        let permissions: [String]
        let expires_at, transactions_from: String
    }
    private struct Lodged: Decodable { let id: String }
    private struct Detail: Encodable {
        let type = "account_access"
        let consent_id: String
    }

    // MARK: Callback

    private func callback(_ request: Request, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        guard let query = request.query, query.repeatedName == nil, let state = query["state"] else {
            return explain("That address is not complete", "The bank's answer is missing parts. Begin again.", status: .badRequest)
        }
        var flows = flows(in: request)
        guard let flow = flows.take(state: state, at: now) else {
            return explain(
                "We do not know this answer",
                "It belongs to a start in another browser, to one that was already answered, or to one that is older than an hour. Nothing was connected; begin again.",
                status: .badRequest)
        }
        // RFC 9207 §2.4: an answer of another issuer is not ours to use.
        guard query["iss"] == platform.issuer.text else {
            return explain("That answer is not from Wekeza", "It names another issuer, so we did not use it. Begin again.", status: .badRequest)
        }
        var response = try await answer(query, flow: flow, now: now)
        set(flows, on: &response)
        return response
    }

    private func answer(_ query: Web.Parameters, flow: Flow, now: Timestamp) async throws -> Response {
        if let error = query["error"] {
            guard error == "access_denied" else {
                return explain("The bank could not ask you", query["error_description"] ?? "It answered \(error).", status: .badRequest)
            }
            return explain("You said no, and that is fine", "Wekeza told us only that. We saw nothing of your accounts.", button: "Ask me again")
        }
        guard let code = query["code"] else { return explain("That address is not complete", "The bank's answer holds no code. Begin again.", status: .badRequest) }
        let exchange = try await platform.token([
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI), ("code_verifier", flow.verifier),
        ])
        let tokens: PlatformClient.Tokens
        switch exchange {
        case .failure(let problem) where problem.error == "invalid_grant":
            return explain("This answer was already used", "A code works once and for 60 seconds. Begin again.", status: .badRequest)
        case .failure(let problem): throw DemoRefusal(problem, doing: "The code could not be exchanged for tokens.")
        case .success(let answer): tokens = answer
        }
        guard let claims = tokens.id_token.flatMap(IDTokenClaims.init),
            claims.isFor(platform.clientID, from: platform.issuer.text, nonce: flow.nonce, at: now)
        else { return explain("The bank's answer does not fit our question", "Its ID token is for another request, so we did not use it. Begin again.", status: .badRequest) }
        let person = try? await platform.userinfo(token: tokens.access_token).decode(Userinfo.self)
        let connection = Connection(
            consentID: flow.consentID, name: person?.given_name ?? person?.name ?? "You", connectedAt: now, accessToken: tokens.access_token,
            accessTokenExpiresAt: now + .seconds(tokens.expires_in), refreshToken: tokens.refresh_token)
        var response = Response.seeOther("/demo/month")
        set(connection, on: &response)
        return response
    }

    // MARK: The month

    private func month(_ request: Request, _ context: AppContext) async throws -> Response {
        guard var connection = connection(in: request) else { return .seeOther("/demo") }
        let now = context.receivedAt
        let choices = CalendarMonth.choices(at: now)
        let month = request.query?["month"].flatMap { CalendarMonth($0) }.flatMap { choices.contains($0) ? $0 : nil } ?? CalendarMonth(of: now)
        let reader = MonthReader(platform: platform, now: now)
        switch try await reader.read(month, with: &connection) {
        case .read(let page):
            var response = pages.page("demo/month", page, shell: shell("\(page.name)’s \(month.name)", width: .wide))
            set(connection, on: &response)
            return response
        case .ended(let refusal):
            return try await ended(connection, refusal: refusal)
        case .later(let seconds):
            return explain("We asked too often", "The bank asks us to wait \(seconds) seconds. Load the page again then.", button: nil, status: .serviceUnavailable)
        }
    }

    private struct EndedPage {
        let name, heading, lead: String
        let code, detail, status: String
        let requestID: String?
        let consentID, consentStatus: String
    }

    /// The next call after a withdrawal: shows what a partner's program sees.
    private func ended(_ connection: Connection, refusal: MonthReader.Refusal) async throws -> Response {
        let view = try? await platform.api("GET", "/v1/consents/\(connection.consentID)", token: try await appToken()).decode(ConsentView.self)
        let words: (String, String) =
            switch (view?.status, view?.status_actor) {
            case ("revoked", "customer"): ("You stopped sharing", "Wekeza refused our next call. What we showed you before was never kept; ask us again whenever you like.")
            case ("revoked", _): ("The connection has ended", "The consent was withdrawn. Wekeza refused our next call.")
            case ("expired", _): ("The connection has expired", "Its time is over. Wekeza refused our next call.")
            default: ("We can no longer look", "Wekeza refused our call and says why below.")
            }
        let page = EndedPage(
            name: connection.name, heading: words.0, lead: words.1, code: refusal.problem.name, detail: refusal.problem.text,
            status: String(refusal.status), requestID: refusal.problem.request_id, consentID: connection.consentID,
            consentStatus: view.map { "\($0.status), by \($0.status_actor)" } ?? "unknown")
        return pages.page("demo/ended", page, shell: shell(page.heading, width: .narrow))
    }

    /// Ends the consent from the partner's side, and forgets.
    private func disconnect(_ request: Request, _ context: AppContext) async throws -> Response {
        guard let connection = connection(in: request) else { return .seeOther("/demo") }
        let answer = try await platform.api("DELETE", "/v1/consents/\(connection.consentID)", token: try await appToken())
        guard answer.status == 204 || [403, 404, 422].contains(answer.status) else {
            throw DemoRefusal(answer.problem ?? .unknown(answer.status), doing: "The consent could not be ended.")
        }
        if let token = connection.refreshToken { try await platform.revoke(token) }
        var response = explain("Disconnected", "We ended the consent at Wekeza and forgot you. Nothing of yours stays here.", button: "Connect again")
        cookies.remove(Self.connectionCookie, from: &response)
        return response
    }

    // MARK: Mailbox

    private struct MailboxPage {
        let mails: [Mail]
        let hasMails: Bool

        struct Mail {
            let id, to, subject, sentAt: String
            let parts: [Part]
        }
        struct Part {
            let text: String
            let link: String?
        }
    }

    private func mailboxPage(_ context: AppContext) async -> Response {
        let mails = await mailbox?() ?? []
        let page = MailboxPage(
            mails: mails.enumerated().map { index, mail in
                MailboxPage.Mail(
                    id: "mail-\(index)", to: mail.to, subject: mail.subject, sentAt: mail.sentAt.moment(seenAt: context.receivedAt),
                    parts: Self.parts(of: mail.text))
            }, hasMails: !mails.isEmpty)
        return pages.page("demo/mailbox", page, shell: shell("Mailbox", width: .single))
    }

    /// Addresses become links.
    private static func parts(of text: String) -> [MailboxPage.Part] {
        var parts: [MailboxPage.Part] = []
        var rest = Substring(text)
        while let start = rest.ranges(of: "http").first(where: { rest[$0.lowerBound...].hasPrefix("http://") || rest[$0.lowerBound...].hasPrefix("https://") }) {
            let address = rest[start.lowerBound...].prefix { !$0.isWhitespace && $0 != "<" && $0 != ">" && $0 != "\"" }
            parts.append(.init(text: String(rest[..<start.lowerBound]), link: nil))
            parts.append(.init(text: String(address), link: String(address)))
            rest = rest[address.endIndex...]
        }
        parts.append(.init(text: String(rest), link: nil))
        return parts
    }

    // MARK: Parts

    private var redirectURI: String { platform.issuer.address("/demo/callback") }

    /// A token of the app itself (client credentials), for the consents it lodges.
    private func appToken() async throws -> String {
        switch try await platform.token([("grant_type", "client_credentials"), ("scope", "consents.write")]) {
        case .success(let tokens): return tokens.access_token
        case .failure(let problem): throw DemoRefusal(problem, doing: "Wekeza did not accept Financial Copilot's own credentials.")
        }
    }

    /// Turns what the platform refused into a page that shows it. A form that another site sent is not answered.
    private func guarded(_ request: Request, _ context: AppContext, _ body: () async throws -> Response) async throws -> Response {
        if request.method == .post, request.comesFromElsewhere(than: platform.issuer) {
            return explain("That form came from another site", "Begin here instead.", status: .forbidden)
        }
        do {
            return try await body()
        } catch let refusal as DemoRefusal {
            return pages.notice(
                Notice(
                    "Wekeza refused us", refusal.doing, paragraphs: ["It answered \(refusal.problem.name): \(refusal.problem.text)"],
                    actions: [.init("Go to the start", "/demo")], reference: refusal.problem.request_id),
                shell: shell(""), status: .badGateway)
        } catch let failure as PlatformFailure {
            context.logger.error("demo cannot use the platform", metadata: ["error": "\(failure)", "request_id": "\(context.requestID)"])
            return pages.notice(
                Notice("We cannot reach the bank", "Wekeza's public address does not answer us properly. Load the page again in a moment.", actions: [.init("Go to the start", "/demo")], reference: context.requestID.rawValue),
                shell: shell(""), status: .badGateway)
        }
    }

    private struct Explanation {
        let heading, lead: String
        let button: String?
    }

    private func explain(_ heading: String, _ lead: String, button: String? = "Begin again", status: HTTPResponse.Status = .ok) -> Response {
        pages.page("demo/explanation", Explanation(heading: heading, lead: lead, button: button), shell: shell(heading, width: .narrow), status: status)
    }

    private func shell(_ title: String, width: PageWidth = .narrow) -> Shell { Shell(audience: .visitor, title: title, width: width) }

    // MARK: Cookies

    private static let flowCookie = "wkz_demo_flow"
    private static let connectionCookie = "wkz_demo"

    private func flows(in request: Request) -> Flows { flowSealer.open(cookies.value(Self.flowCookie, in: request), as: Flows.self) ?? Flows() }

    private func set(_ flows: Flows, on response: inout Response) {
        guard !flows.flows.isEmpty, let text = flowSealer.seal(flows) else { return cookies.remove(Self.flowCookie, from: &response) }
        cookies.set(Self.flowCookie, to: text, maxAge: 3600, on: &response)
    }

    private func connection(in request: Request) -> Connection? {
        connectionSealer.open(cookies.value(Self.connectionCookie, in: request), as: Connection.self)
    }

    private func set(_ connection: Connection, on response: inout Response) {
        guard let text = connectionSealer.seal(connection) else { return }
        cookies.set(Self.connectionCookie, to: text, maxAge: 90 * 86400, on: &response)
    }
}

/// The platform refused something that a working demo is allowed to do.
struct DemoRefusal: Error {
    let problem: PlatformProblem
    let doing: String

    init(_ problem: PlatformProblem, doing: String) {
        self.problem = problem
        self.doing = doing
    }
}
