internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import Primitives
internal import Synchronization
internal import Web

/// Financial Copilot's only door to the platform: its public address, as any partner's backend reaches it.
final class PlatformClient: Sendable {
    let issuer: Issuer
    let clientID: String
    private let secret: Secret
    private let http: HTTPClient
    private let metadata = Mutex<Metadata?>(nil)

    /// What a client learns from discovery (OpenID Connect Discovery §3, RFC 8414 §2).
    struct Metadata: Decodable, Sendable {
        let issuer, authorization_endpoint, token_endpoint, revocation_endpoint, userinfo_endpoint: String
    }

    struct Tokens: Decodable, Sendable {
        let access_token: String
        let expires_in: Int64
        let refresh_token: String?
        let id_token: String?
    }

    /// An answer, with what the "calls behind this page" list tells of it.
    struct Answer: Sendable {
        let status: Int
        let body: Data
        let call: Call

        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            do {
                return try JSONDecoder().decode(type, from: body)
            } catch {
                throw PlatformFailure.unreadable(call)
            }
        }

        var problem: PlatformProblem? { try? JSONDecoder().decode(PlatformProblem.self, from: body) }
    }

    struct Call: Sendable {
        let method, path: String
        let status: Int
        let milliseconds: Int64
        let requestID: String
    }

    init(issuer: Issuer, clientID: String, secret: Secret, http: HTTPClient) {
        self.issuer = issuer
        self.clientID = clientID
        self.secret = secret
        self.http = http
    }

    func discover() async throws -> Metadata {
        if let known = metadata.withLock({ $0 }) { return known }
        let found = try await send("GET", issuer.address("/.well-known/openid-configuration")).decode(Metadata.self)
        // OpenID Connect Discovery §4.3: the document speaks for the issuer we asked.
        guard found.issuer == issuer.text else { throw PlatformFailure.wrongIssuer(found.issuer) }
        metadata.withLock { $0 = found }
        return found
    }

    /// A request to the token endpoint, authenticated with `client_secret_basic`.
    func token(_ parameters: [(name: String, value: String)]) async throws -> Result<Tokens, PlatformProblem> {
        let answer = try await form(try await discover().token_endpoint, parameters)
        guard answer.status == 200 else { return .failure(answer.problem ?? .unknown(answer.status)) }
        return .success(try answer.decode(Tokens.self))
    }

    func revoke(_ token: String) async throws { _ = try await form(try await discover().revocation_endpoint, [("token", token)]) }

    /// - Parameter scenario: how the sandbox is asked to have a payment turn out.
    func api(
        _ method: String, _ path: String, token: String, body: Data? = nil, idempotencyKey: String? = nil, scenario: String? = nil
    ) async throws -> Answer {
        var headers = ["Authorization": "Bearer \(token)"]
        headers["X-Sandbox-Scenario"] = scenario
        headers["Content-Type"] = body.map { _ in "application/json" }
        headers["Idempotency-Key"] = idempotencyKey
        return try await send(method, issuer.address(path), headers: headers, body: body)
    }

    func userinfo(token: String) async throws -> Answer {
        try await send("GET", try await discover().userinfo_endpoint, headers: ["Authorization": "Bearer \(token)"])
    }

    private func form(_ address: String, _ parameters: [(name: String, value: String)]) async throws -> Answer {
        // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
        let credentials = "\(Web.Parameters.encode(clientID)):\(Web.Parameters.encode(secret.value))"
        return try await send(
            "POST", address,
            headers: [
                "Authorization": "Basic \(Data(credentials.utf8).base64EncodedString())",
                "Content-Type": "application/x-www-form-urlencoded",
            ],
            body: Data(Web.Parameters(parameters).urlEncoded.utf8))
    }

    private func send(_ method: String, _ address: String, headers: [String: String] = [:], body: Data? = nil) async throws -> Answer {
        var request = HTTPClientRequest(url: address)
        request.method = .RAW(value: method)
        request.headers.add(name: "Accept", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let path = address.hasPrefix(issuer.text) ? String(address.dropFirst(issuer.text.count)) : address
        let begin = ContinuousClock.now
        do {
            let response = try await http.execute(request, timeout: .seconds(10))
            let bytes = try await response.body.collect(upTo: 4 << 20)
            let call = Call(
                method: method, path: path, status: Int(response.status.code), milliseconds: (ContinuousClock.now - begin).milliseconds,
                requestID: response.headers.first(name: "X-Request-Id") ?? "")
            return Answer(status: call.status, body: Data(bytes.readableBytesView), call: call)
        } catch {
            throw PlatformFailure.unreachable("\(error)")
        }
    }
}

/// The error of an answer: RFC 9457 from the API, RFC 6749 §5.2 from the token endpoint.
struct PlatformProblem: Decodable, Error, Sendable {
    let code: String?
    let title: String?
    let detail: String?
    let error: String?
    let error_description: String?
    let request_id: String?

    var name: String { code ?? error ?? "unknown" }
    var text: String { detail ?? error_description ?? title ?? "No reason was given." }

    static func unknown(_ status: Int) -> PlatformProblem {
        PlatformProblem(code: nil, title: "HTTP \(status)", detail: nil, error: nil, error_description: nil, request_id: nil)
    }
}

/// Why the platform could not be used at all.
enum PlatformFailure: Error, Sendable {
    case unreachable(String)
    case unreadable(PlatformClient.Call)
    case wrongIssuer(String)
}
