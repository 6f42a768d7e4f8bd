import Applications
import OAuth
import OpenBanking
import Primitives
import Web

/// What the samples of one app are filled with.
struct SampleValues: Sendable {
    let app: App
    let issuer: Issuer
    let redirectURI: String
    /// RFC 7636 §4.1: made anew for each page view, never used twice.
    let codeVerifier: String
    let codeChallenge: String
    let state: String
    let nonce: String
    let consentUntil: String
    let dataFrom: String

    init(app: App, issuer: Issuer, randomness: any RandomSource, at now: Timestamp) {
        self.app = app
        self.issuer = issuer
        redirectURI = app.redirectURIs.first?.text ?? "https://your-app.example/callback"
        codeVerifier = randomness.token()
        codeChallenge = Base64URL.encode(sha256(Array(codeVerifier.utf8)))
        state = randomness.alphanumerics(16)
        nonce = randomness.alphanumerics(16)
        consentUntil = CivilDate(daysSinceEpoch: now.date.daysSinceEpoch + 90).start.rfc3339
        dataFrom = CivilDate(daysSinceEpoch: now.date.daysSinceEpoch - 180).start.rfc3339
    }

    var clientID: String { app.clientID.text }
    /// Whether it lodges consents before it sends customers.
    var lodgesConsents: Bool { app.scopes.contains(.consentsWrite) && app.grantTypes.contains(.clientCredentials) }
    var sendsCustomers: Bool { app.grantTypes.contains(.authorizationCode) }
    /// What an app that lodges nothing asks for.
    var scope: String { app.scopes.intersection([.openid, .accountsRead, .transactionsRead]).text }

    static let permissions: [Permission] = [.readAccountsBasic, .readBalances, .readTransactionsDetail, .readTransactionsCredits, .readTransactionsDebits]

    /// The authorization request with a pair of its own; `consent` is put where the consent's id belongs.
    func authorizeLink(consent: String?) -> String {
        var query = Web.Parameters([
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURI), ("scope", consent == nil ? scope : "openid"), ("state", state),
            ("nonce", nonce), ("code_challenge", codeChallenge), ("code_challenge_method", "S256"),
        ])
        if let consent {
            query = Web.Parameters(query.pairs + [("authorization_details", #"[{"type":"account_access","consent_id":"\#(consent)"}]"#)])
        }
        return issuer.address("/oauth2/authorize?\(query.urlEncoded)")
    }
}
