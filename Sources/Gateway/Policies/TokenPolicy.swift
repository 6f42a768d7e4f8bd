import AccessTokens
import HTTPTypes
import Hummingbird
import Metering
import Primitives
import Web

/// The access token: sent in the Authorization header alone (RFC 6750 §2.1), signed by us, for this API, not expired (RFC 9068 §4).
struct TokenPolicy: Policy {
    let name = "token"
    let verifier: AccessTokenVerifier

    func checkAtOnce(_ call: inout Call) -> Verdict? {
        switch presented(by: call) {
        case .token(let token): verifier.verifiedAtOnce(token.text, at: call.now).map { verdict($0, on: token, &call) }
        case .none(let refusal): refusal
        }
    }

    func check(_ call: inout Call) async throws -> Verdict {
        switch presented(by: call) {
        case .token(let token): verdict(try await verifier.verified(token.text, at: call.now), on: token, &call)
        case .none(let refusal): refusal
        }
    }

    private typealias Token = (scheme: TokenScheme, text: String, field: String)

    private enum Presented {
        case token(Token)
        case none(refusal: Verdict)
    }

    private func presented(by call: Call) -> Presented {
        let fields = call.request.headers[values: .authorization]
        guard let field = fields.first else { return .none(refusal: missing(call)) }
        guard fields.count == 1 else {
            let detail = "The request carries more than one Authorization header."
            return .none(refusal: invalid(detail, expected: "one Authorization header", got: "\(fields.count)"))
        }
        guard let (scheme, token) = Self.token(field) else { return .none(refusal: noToken(field)) }
        return .token((scheme, token, field))
    }

    private func verdict(_ result: Result<AccessTokenClaims, TokenRefusal>, on token: Token, _ call: inout Call) -> Verdict {
        switch result {
        case .success(let claims):
            call.claims = claims
            call.token = (token.scheme, token.text)
            return .passed(.signedHere)
        // What the verifier knows, or has signed, needs no look at its characters.
        case .failure(.malformed) where !Self.isToken(token.text): return noToken(token.field, under: token.scheme)
        case .failure(let refusal):
            call.expiredClaims = claims(expired: token.text, refusal)
            let code: ErrorCode = refusal.isExpiry ? .expiredToken : .invalidToken
            let detail = refusal.isExpiry ? "The access token has expired." : "The access token is not one of ours for this API."
            return refused(code, detail, expected: refusal.expected, got: refusal.got, challenge: .invalidToken(detail, under: token.scheme))
        }
    }

    /// What an expired token of ours said, so that its developers find the call among their own.
    private func claims(expired token: String, _ refusal: TokenRefusal) -> AccessTokenClaims? {
        guard case .expired(let end) = refusal else { return nil }
        return try? verifier.verify(token, at: end - .seconds(1)).get()
    }

    private func missing(_ call: Call) -> Verdict {
        // RFC 9700 §4.3.2: a token in an address would stay in logs and histories, so it is not read.
        let inQuery = call.request.query?["access_token"] != nil
        let got = inQuery ? "a token in the address" : "no Authorization header"
        return refused(
            .missingToken, "The request carries no access token in its Authorization header.", expected: "Authorization: Bearer and a token", got: got,
            challenge: .tokenWanted)
    }

    private func noToken(_ field: String, under scheme: TokenScheme = .bearer) -> Verdict {
        let name = field.prefix { $0 != " " }
        return invalid(
            "The Authorization header holds no access token.", expected: "Bearer or DPoP, and a token", got: "the scheme \(name.prefix(20))", under: scheme)
    }

    private func invalid(_ detail: String, expected: String, got: String, under scheme: TokenScheme = .bearer) -> Verdict {
        refused(.invalidToken, detail, expected: expected, got: got, challenge: .invalidToken(detail, under: scheme))
    }

    /// The scheme in any case, and what is behind it, at most 8 kB.
    static func token(_ field: String) -> (TokenScheme, String)? {
        // By bytes: a token is long, and a search for characters looks for the bounds of each.
        var field = field
        return field.withUTF8 { bytes in
            guard let space = bytes.prefix(7).firstIndex(of: UInt8(ascii: " ")), let scheme = scheme(bytes[..<space]) else { return nil }
            let token = UnsafeBufferPointer(rebasing: bytes[space...].drop { $0 == UInt8(ascii: " ") })
            return (1...8192).contains(token.count) ? (scheme, String(decoding: token, as: UTF8.self)) : nil
        }
    }

    private static func scheme(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> TokenScheme? {
        if bytes.elementsEqual("bearer".utf8, by: { $0 | 0x20 == $1 }) { return .bearer }
        return bytes.elementsEqual("dpop".utf8, by: { $0 | 0x20 == $1 }) ? .dpop : nil
    }

    /// RFC 6750 §2.1 `b64token`.
    static func isToken(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "-._~+/=".utf8.contains(byte)
            }
        }
    }
}
