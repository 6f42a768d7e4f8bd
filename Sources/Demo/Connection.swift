internal import Foundation
internal import Primitives

/// One walk to the authorization endpoint and back: what the callback is compared with. It waits in a sealed cookie.
struct Flow: Codable, Sendable {
    let state: String
    let nonce: String
    let verifier: String
    let consentID: String
    let startedAt: Timestamp
    /// What is to be paid afterwards; `nil` when the customer connects their accounts.
    let order: PaymentOrder?

    init(consentID: String, order: PaymentOrder? = nil, randomness: any RandomSource, at now: Timestamp) {
        state = randomness.token()
        nonce = randomness.token()
        verifier = randomness.token()
        self.consentID = consentID
        self.order = order
        startedAt = now
    }

    /// RFC 7636 §4.2: S256.
    var challenge: String { Base64URL.encode(sha256(Array(verifier.utf8))) }
}

/// The flows that one browser began within the hour; several, because people open several tabs.
struct Flows: Codable, Sendable {
    private(set) var flows: [Flow] = []

    mutating func add(_ flow: Flow) {
        flows = flows.suffix(2) + [flow]
    }

    /// Takes the flow out: each callback is answered once.
    mutating func take(state: String, at now: Timestamp) -> Flow? {
        guard let index = flows.firstIndex(where: { constantTimeEqual($0.state, state) }) else { return nil }
        let flow = flows.remove(at: index)
        return flow.startedAt + .hours(1) > now ? flow : nil
    }
}

/// What Financial Copilot keeps of a connected customer, sealed in the browser's cookie: nothing on the server.
struct Connection: Codable, Sendable {
    let consentID: String
    let name: String
    let connectedAt: Timestamp
    var accessToken: String
    var accessTokenExpiresAt: Timestamp
    var refreshToken: String?
}

/// The claims of the ID token that a client checks (OpenID Connect Core §3.1.3.7). The token came straight from the token endpoint,
/// so the connection vouches for it (rule 6 there).
struct IDTokenClaims: Decodable {
    let iss, sub: String
    let aud: Audience
    let exp: Int64
    let nonce: String?

    /// One string or several.
    struct Audience: Decodable {
        let values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) { values = [one] } else { values = try container.decode([String].self) }
        }
    }

    init?(token: String) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64URL.decode(parts[1]), let claims = try? JSONDecoder().decode(Self.self, from: Data(payload))
        else { return nil }
        self = claims
    }

    func isFor(_ clientID: String, from issuer: String, nonce: String, at now: Timestamp) -> Bool {
        iss == issuer && aud.values.contains(clientID) && self.nonce == nonce && Timestamp(seconds: exp) > now
    }
}
