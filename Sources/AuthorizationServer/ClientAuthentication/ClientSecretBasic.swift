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
        guard request.authorization.count == 1 else {
            throw .against(
                .oneMethod, "More than one Authorization header was sent.", parameter: "Authorization", expected: "one",
                received: .note("\(request.authorization.count) headers"))
        }
        guard let credentials = Self.credentials(header) else {
            throw .against(
                .readableCredentials, "The Authorization header is not HTTP Basic.", parameter: "Authorization", expected: "the scheme Basic",
                received: .secret(header))
        }
        guard let (clientID, secret) = Data(base64Encoded: credentials)?.withUnsafeBytes(Self.parts) else {
            throw .against(
                .readableCredentials, "The Authorization header is not readable as HTTP Basic.", parameter: "Authorization",
                expected: "base64 of client_id:client_secret, both form-encoded", received: .secret(header))
        }
        return ClientAttempt(methods: [method], clientID: clientID, credentials: .secret(secret))
    }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        ClientSecret.check(attempt, of: app)
    }

    /// What follows the scheme, in whatever letters (RFC 9110 §11.1).
    private static func credentials(_ header: String) -> String? {
        guard let space = header.utf8.firstIndex(of: UInt8(ascii: " ")), header[..<space].utf8.elementsEqual("basic".utf8, by: { $0 | 0x20 == $1 }) else {
            return nil
        }
        return String(Substring(header.utf8[space...].drop { $0 == UInt8(ascii: " ") }))
    }

    private static func parts(_ bytes: UnsafeRawBufferPointer) -> (clientID: String, secret: String)? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let clientID = formDecode(bytes[..<colon]),
            let secret = formDecode(bytes[(colon + 1)...])
        else { return nil }
        return (clientID, secret)
    }

    private static func formDecode(_ bytes: Slice<UnsafeRawBufferPointer>) -> String? {
        var isPlain = true
        for byte in bytes {
            switch byte {
            // One form value; its own separators would have been encoded.
            case UInt8(ascii: "&"), UInt8(ascii: "="): return nil
            case UInt8(ascii: "%"), UInt8(ascii: "+"), 0: isPlain = false
            default: continue
            }
        }
        guard let text = String(utf8: bytes) else { return nil }
        return isPlain ? text : Parameters(urlEncoded: "value=\(text)")?["value"]
    }
}

/// A secret, however it travelled.
enum ClientSecret {
    static func check(_ attempt: ClientAttempt, of app: App) -> CredentialCheck {
        guard case .secret(let text) = attempt.credentials, let secret = app.secret(matching: text) else {
            return .refused(.against(.secret, "The client secret is wrong.", expected: app.secretHints, received: attempt.received))
        }
        return .passed(secret: secret.id)
    }
}

extension App {
    /// Its live secrets as the portal shows them: by their last four characters.
    fileprivate var secretHints: String { liveSecrets.map { "wkz_sk_....\($0.hint)" }.joined(separator: " or ") }
}

extension ClientAttempt {
    fileprivate var received: Received? { if case .secret(let text) = credentials { .secret(text) } else { nil } }
}
