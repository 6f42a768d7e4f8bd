import Applications
internal import Foundation
import OAuth
import Primitives
import Web

/// RFC 6749 §2.3.1: HTTP Basic, with both parts form-encoded first.
struct ClientSecretBasic: ClientAuthenticator {
    let method = ClientAuthenticationMethod.clientSecretBasic

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? {
        guard let header = request.authorization.first else { return nil }
        guard request.authorization.count == 1 else { throw .invalidRequest("More than one Authorization header was sent.") }
        guard let space = header.firstIndex(of: " "), header[..<space].lowercased() == "basic" else {
            throw .invalidClient("The Authorization header is not HTTP Basic.")
        }
        guard let bytes = Data(base64Encoded: header[space...].trimmingWhitespace()), let text = String(validating: bytes, as: UTF8.self),
            let colon = text.firstIndex(of: ":"), let clientID = Self.formDecode(text[..<colon]),
            let secret = Self.formDecode(text[text.index(after: colon)...])
        else { throw .invalidClient("The Authorization header is not readable as HTTP Basic.") }
        return ClientAttempt(methods: [method], clientID: clientID, credentials: .secret(secret))
    }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        ClientSecret.check(attempt, of: app)
    }

    private static func formDecode(_ text: Substring) -> String? {
        // One form value; its own separators would have been encoded.
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "=") }) else { return nil }
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") || $0 == 0 }) else { return String(text) }
        return Parameters(urlEncoded: "value=\(text)")?["value"]
    }
}

/// A secret, however it travelled.
enum ClientSecret {
    static func check(_ attempt: ClientAttempt, of app: App) -> CredentialCheck {
        guard case .secret(let text) = attempt.credentials, let secret = app.secret(matching: text) else {
            return .refused(.invalidClient("The client secret is wrong."))
        }
        return .passed(secret: secret.id)
    }
}
