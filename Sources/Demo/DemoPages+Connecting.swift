internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Pages
internal import Primitives
internal import Web

/// Connecting: the wish is lodged, the customer goes to the bank, and the bank's answer comes back.
extension DemoPages {
    /// Lodges the consent with a token of its own, then sends the customer to approve it.
    func connect(_ request: Request, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        let token = try await appToken()
        let wish = Wish(
            permissions: ["ReadAccountsBasic", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"],
            expires_at: (now + .days(90)).rfc3339,
            transactions_from: CalendarMonth(of: now).adding(months: 1 - CalendarMonth.reach).first.start.rfc3339)
        let answer = try await platform.api(
            "POST", "/v1/consents", token: token, body: JSONEncoder().encode(wish), idempotencyKey: randomness.alphanumerics(24))
        guard answer.status == 201 else {
            throw DemoRefusal(answer.problem ?? .unknown(answer.status), doing: "The request for the customer’s consent was refused.")
        }
        let flow = Flow(consentID: try answer.decode(Lodged.self).id, randomness: randomness, at: now)
        return try await send(flow, for: "account_access", scope: "openid profile", request, at: now)
    }

    /// Sends the customer to the bank, and remembers why.
    func send(_ flow: Flow, for type: String, scope: String, _ request: Request, at now: Timestamp) async throws -> Response {
        let details = Data(try JSONEncoder().encode([Detail(type: type, consent_id: flow.consentID)]))
        let query = Web.Parameters([
            ("response_type", "code"), ("client_id", platform.clientID), ("redirect_uri", redirectURI), ("scope", scope),
            ("state", flow.state), ("nonce", flow.nonce), ("code_challenge", flow.challenge), ("code_challenge_method", "S256"),
            ("authorization_details", String(decoding: details, as: UTF8.self)),
        ])
        var response = Response.seeOther("\(try await platform.discover().authorization_endpoint)?\(query.urlEncoded)")
        var begun = flows.content(in: request, at: now) ?? Flows()
        begun.add(flow)
        try flows.set(begun, at: now, on: &response)
        return response
    }

    private struct Wish: Encodable {
        let type = "account_access"
        let permissions: [String]
        let expires_at, transactions_from: String
    }
    struct Lodged: Decodable { let id: String }
    private struct Detail: Encodable {
        let type, consent_id: String
    }

    // MARK: Callback

    func callback(_ request: Request, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        guard let query = request.query, query.repeatedName == nil, let state = query["state"] else {
            return explain("That address is not complete", "The bank’s answer is missing parts. Begin again.", status: .badRequest)
        }
        var begun = flows.content(in: request, at: now) ?? Flows()
        guard let flow = begun.take(state: state, at: now) else {
            return explain(
                "We do not know this answer",
                "It belongs to a start in another browser, or to one that was already answered or is older than an hour. Nothing was connected; begin again.",
                status: .badRequest)
        }
        // RFC 9207 §2.4: an answer of another issuer is not ours to use.
        guard query["iss"] == platform.issuer.text else {
            return explain("That answer is not from Wekeza", "It names another issuer, so we did not use it. Begin again.", status: .badRequest)
        }
        var response = try await answer(query, flow: flow, context)
        try flows.set(begun, at: now, on: &response)
        return response
    }

    private func answer(_ query: Web.Parameters, flow: Flow, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        if let error = query["error"] {
            guard error == "access_denied" else {
                return explain("The bank could not ask you", query["error_description"] ?? "It answered \(error).", status: .badRequest)
            }
            let lead = flow.order == nil ? "Wekeza told us only that. We saw nothing of your accounts." : "Wekeza told us only that. Nothing was paid."
            return explain("You said no, and that is fine", lead, button: "Ask me again", isPayment: flow.order != nil)
        }
        guard let code = query["code"] else {
            return explain("That address is not complete", "The bank’s answer holds no code. Begin again.", status: .badRequest)
        }
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
        else {
            return explain(
                "The bank’s answer does not fit our question", "Its ID token is for another request, so we did not use it. Begin again.", status: .badRequest)
        }
        if let order = flow.order { return try await pay(order, with: tokens.access_token, context) }
        let person = try? await platform.userinfo(token: tokens.access_token).decode(Userinfo.self)
        let connection = Connection(
            consentID: flow.consentID, name: person?.given_name ?? person?.name ?? "You", connectedAt: now, accessToken: tokens.access_token,
            accessTokenExpiresAt: now + .seconds(tokens.expires_in), refreshToken: tokens.refresh_token)
        var response = Response.seeOther("/demo/month")
        try connections.set(connection, at: now, on: &response)
        return response
    }
}
