import Foundation
import HTTPTypes
import HummingbirdTesting
import Primitives
import Web

/// A browser without JavaScript: keeps cookies, follows redirects within the server, fills in the forms of the page it shows.
actor TestBrowser {
    private let server: TestServer
    private(set) var cookies: [String: String] = [:]
    private(set) var page = ""
    private(set) var status = 0
    private(set) var headers: HTTPFields = [:]
    private(set) var address = "/"
    /// Where the server sent this browser, outside itself.
    private(set) var left: String?

    init(_ server: TestServer, cookies: [String: String] = [:]) {
        self.server = server
        self.cookies = cookies
    }

    @discardableResult
    func open(_ uri: String) async throws -> String {
        try await visit(.get, uri, body: nil)
        return page
    }

    /// Submits the form that has a field or button of this name, with these values in place of its own.
    @discardableResult
    func submit(_ name: String, _ values: [(name: String, value: String)]) async throws -> String {
        guard let form = forms.first(where: { form in form.names.contains(name) }) else { throw Missing(name: name, page: page) }
        return try await submit(form, values)
    }

    /// Submits this form, with these values in place of its own.
    @discardableResult
    func submit(_ form: Form, _ values: [(name: String, value: String)]) async throws -> String {
        let given = Set(values.map(\.name))
        let fields = form.fields.filter { !given.contains($0.name) } + values
        let target = form.action.isEmpty ? address : form.action
        try await visit(.post, target, body: Parameters(fields).urlEncoded)
        return page
    }

    func forget(_ cookie: String) { cookies[cookie] = nil }

    /// The forms of the page: where they lead, the names of their fields and buttons, and what would be sent untouched.
    var forms: [Form] {
        page.matches(of: /<form([^>]*)>([\s\S]*?)<\/form>/).map { match in
            let inputs = match.2.matches(of: /<(input|button|textarea|select)([^>]*)>/).map { (tag: String($0.1), attributes: Self.attributes($0.2)) }
            let sent = inputs.filter { input in
                input.tag == "input" && input.attributes["name"] != nil && input.attributes["disabled"] == nil
                    && (["checkbox", "radio"].contains(input.attributes["type"]) ? input.attributes["checked"] != nil : input.attributes["type"] != "submit")
            }
            return Form(
                action: Self.attributes(match.1)["action"] ?? "", names: Set(inputs.compactMap { $0.attributes["name"] }),
                fields: sent.map { ($0.attributes["name"] ?? "", $0.attributes["value"] ?? "") },
                options: inputs.filter { ["checkbox", "radio"].contains($0.attributes["type"]) && $0.attributes["disabled"] == nil }
                    .map { ($0.attributes["name"] ?? "", $0.attributes["value"] ?? "") })
        }
    }

    struct Form: Sendable {
        let action: String
        let names: Set<String>
        let fields: [(name: String, value: String)]
        /// What can be ticked.
        let options: [(name: String, value: String)]
    }

    struct Missing: Error, CustomStringConvertible {
        let name: String
        let page: String
        var description: String { "no form has a field \(name) on:\n\(page)" }
    }

    private func visit(_ method: HTTPRequest.Method, _ uri: String, body: String?) async throws {
        var (method, uri, body) = (method, uri, body)
        left = nil
        for _ in 0..<10 {
            var headers: HTTPFields = [.accept: "text/html"]
            if !cookies.isEmpty { headers[.cookie] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ") }
            if body != nil {
                headers[.contentType] = "application/x-www-form-urlencoded"
                headers[.origin] = server.issuer.text
            }
            let response = try await server.send(method, uri, headers: headers, body: body)
            remember(response.headers)
            (page, status, self.headers, address) = (response.text, response.status.code, response.headers, uri)
            guard (300..<400).contains(status), let location = response.location else { return }
            let origin = server.issuer.text
            if location.hasPrefix(origin + "/") {
                uri = String(location.dropFirst(origin.count))
            } else if location.hasPrefix("/") {
                uri = location
            } else {
                return left = location
            }
            (method, body) = (.get, nil)
        }
    }

    private func remember(_ headers: HTTPFields) {
        for field in headers[values: .setCookie] {
            // RFC 6265 §6.1: a browser need not keep more.
            guard field.utf8.count <= 4096 else { continue }
            let pair = field.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            cookies[String(pair[0])] = pair[1].isEmpty || field.contains("Max-Age=0") ? nil : String(pair[1])
        }
    }

    private static func attributes(_ text: Substring) -> [String: String] {
        Dictionary(
            text.matches(of: /([a-zA-Z-]+)(?:="([^"]*)")?/).map { (String($0.1), unescape(String($0.2 ?? ""))) }, uniquingKeysWith: { first, _ in first })
    }

    private static func unescape(_ text: String) -> String {
        [("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")].reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }
}

// MARK: Journeys

/// What a code was asked for with, and what came back.
struct Authorization: Sendable {
    let code: String?
    let parameters: Parameters
    let verifier: String
    let location: String
}

extension TestServer {
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    /// RFC 7636, appendix B.
    static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    /// The address of an authorization request, with these parameters in place of the usual ones; an empty value leaves one out.
    func authorizationURI(_ app: TestApp, _ changes: [(name: String, value: String)] = []) -> String {
        let usual: [(name: String, value: String)] = [
            ("response_type", "code"), ("client_id", app.clientID), ("redirect_uri", app.redirectURI), ("scope", "openid accounts.read transactions.read"),
            ("state", "af0ifjsldkj"), ("nonce", "n-0S6_WzA2Mj"), ("code_challenge", Self.challenge), ("code_challenge_method", "S256"),
        ]
        let changed = Set(changes.map(\.name))
        return "/oauth2/authorize?" + Parameters((usual.filter { !changed.contains($0.name) } + changes).filter { !$0.value.isEmpty }).urlEncoded
    }

    /// A customer opens the request, signs in where asked, and answers.
    /// - Parameter accounts: how many of the offered accounts are shared.
    func authorize(
        _ app: TestApp, _ changes: [(name: String, value: String)] = [], customer: String = "amina.traveler", decision: String = "approve",
        accounts: Int = 1, browser: TestBrowser? = nil
    ) async throws -> Authorization {
        let browser = browser ?? TestBrowser(self)
        try await browser.open(authorizationURI(app, changes))
        if await browser.forms.contains(where: { $0.names.contains("password") }) {
            try await browser.submit("password", [("username", customer), ("password", "sandbox")])
        }
        if await browser.left == nil {
            let offered = await browser.forms.flatMap(\.options).filter { $0.name == "accounts" }
            try await browser.submit("decision", [("decision", decision)] + (decision == "approve" ? Array(offered.prefix(accounts)) : []))
        }
        let location = await browser.left ?? ""
        let query = location.split(separator: "?", maxSplits: 1).last.flatMap { Parameters(urlEncoded: String($0)) } ?? Parameters()
        return Authorization(code: query["code"], parameters: query, verifier: Self.verifier, location: location)
    }

    func redeem(
        _ authorization: Authorization, by app: TestApp, _ changes: [(name: String, value: String)] = [], headers: HTTPFields? = nil
    ) async throws -> TestResponse {
        let usual: [(name: String, value: String)] = [
            ("grant_type", "authorization_code"), ("code", authorization.code ?? ""), ("redirect_uri", app.redirectURI),
            ("code_verifier", authorization.verifier),
        ]
        let changed = Set(changes.map(\.name))
        return try await token(app, (usual.filter { !changed.contains($0.name) } + changes).filter { !$0.value.isEmpty }, headers: headers)
    }

    /// A customer's whole way from the app and back, to the answer with the tokens.
    func tokens(
        for app: TestApp, _ changes: [(name: String, value: String)] = [], customer: String = "amina.traveler", accounts: Int = 1
    ) async throws -> TokenAnswer {
        let response = try await redeem(authorize(app, changes, customer: customer, accounts: accounts), by: app)
        return TokenAnswer(
            access: response.json["access_token"] as? String ?? "", refresh: response.json["refresh_token"] as? String,
            id: response.json["id_token"] as? String, scope: response.json["scope"] as? String ?? "")
    }
}

struct TokenAnswer: Sendable {
    let access: String
    let refresh: String?
    let id: String?
    let scope: String
}
