import Applications
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Web

extension TestServer {
    func refresh(_ token: String?, by app: TestApp, _ more: [(name: String, value: String)] = []) async throws -> TestResponse {
        try await self.token(app, [("grant_type", "refresh_token"), ("refresh_token", token ?? "")] + more)
    }

    func revoke(_ token: String?, by app: TestApp, _ more: [(name: String, value: String)] = []) async throws -> TestResponse {
        try await post(
            "/oauth2/revoke", form: [("token", token ?? "")] + more + (app.app.isPublic ? [("client_id", app.clientID)] : []),
            headers: app.app.isPublic ? [:] : app.basic)
    }

    func introspect(_ token: String?, by app: TestApp) async throws -> TestResponse {
        try await post("/oauth2/introspect", form: [("token", token ?? "")], headers: app.basic)
    }

    func userinfo(_ token: String) async throws -> TestResponse { try await call("/oauth2/userinfo", token: token) }

    /// Verified with the published keys, as a client does it.
    func claims(_ token: String?) async throws -> JSONObject? {
        guard let token, let jws = try? UnverifiedJWS(parsing: token) else { return nil }
        let keys = try JSONValue(parsing: try await get("/oauth2/jwks").text).object?["keys"]?.array ?? []
        let key = keys.compactMap { $0.object.flatMap { try? JWK($0) }.flatMap(VerificationKey.init) }.first { $0.id.rawValue == jws.keyID }
        guard let key, jws.isSigned(by: key) else { return nil }
        return jws.claims
    }

    /// Lodges a consent for accounts and transactions, as the app.
    func lodge(_ app: TestApp, permissions: [String] = ["ReadAccountsBasic", "ReadBalances"], lifetime: Duration = .days(30)) async throws -> String {
        let body = JSONObject([
            ("type", .string("account_access")), ("permissions", .array(permissions.map(JSONValue.string))),
            ("expires_at", .string((clock.now + lifetime).rfc3339)),
        ])
        let response = try await call(
            "/v1/consents", token: appToken(app), method: .post, json: body.text, headers: [.idempotencyKey: UUID().uuidString])
        return response.json["id"] as? String ?? ""
    }

    func details(_ consent: String) -> (name: String, value: String) {
        ("authorization_details", #"[{"type":"account_access","consent_id":"\#(consent)"}]"#)
    }

    /// What the app is told when its request is answered without a page.
    func answer(_ app: TestApp, _ changes: [(name: String, value: String)], browser: TestBrowser? = nil) async throws -> Parameters {
        let browser = browser ?? TestBrowser(self)
        try await browser.open(authorizationURI(app, changes))
        let location = await browser.left ?? ""
        return location.split(separator: "?", maxSplits: 1).last.flatMap { Parameters(urlEncoded: String($0)) } ?? Parameters()
    }

    func remove(_ app: TestApp) async throws {
        let now = clock.now
        _ = try await database.write { tx in try Applications.Apps().remove(app.app.id, by: .commandLine, at: now, requestID: nil, in: tx) }
        try await settle()
    }

    /// Changes the registration of an app, and lets it be heard of.
    func change(_ app: TestApp, _ change: AppChange) async throws {
        let now = clock.now
        _ = try await database.write { tx in
            try Applications.Apps().update(app.app.id, change, by: .commandLine, at: now, requestID: nil, in: tx).get()
        }
        try await settle()
    }

    /// A browser in which a customer is signed in with an app.
    func signedIn(_ customer: String = "amina.traveler", for app: TestApp) async throws -> TestBrowser {
        let browser = TestBrowser(self)
        try await browser.open(authorizationURI(app))
        try await browser.submit("password", [("username", customer), ("password", "sandbox")])
        return browser
    }
}

extension HTTPFields {
    static func basic(_ user: String, _ password: String) -> HTTPFields {
        [.authorization: "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"]
    }
}

extension TestResponse {
    var allowedOrigin: String? { headers[.accessControlAllowOrigin] }
    var isKeptByNoCache: Bool { headers[.cacheControl] == "no-store" }
}
