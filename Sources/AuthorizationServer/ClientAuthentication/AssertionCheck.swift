import Applications
import JOSE
import OAuth
import Primitives
import Storage
import Web

/// Whether the app made an assertion for this server: signature and claims. Whether it was used before is asked once everything else is sound.
struct AssertionCheck: Sendable {
    let keys: ClientKeys
    let addresses: ServerAddresses

    func check(
        _ assertion: UnverifiedAssertion, from app: App, in request: ClientAuthenticationRequest, now: Timestamp
    ) async -> Result<ClientAssertion, OAuthError> {
        let (jws, rules) = (assertion.jws, app.profile.rules)
        func refused(_ refusal: ClientAssertion.Refusal) -> Result<ClientAssertion, OAuthError> {
            .failure(refusal.error(in: request, expected: expected(by: refusal, of: app)))
        }
        // RFC 8725 §3.11: a token of a type of its own is no assertion. Most libraries write `JWT` or nothing.
        guard jws.type == nil || jws.isType(.idToken) || jws.isType(.clientAuthentication) else {
            return refused(.wrongType)
        }
        guard rules.algorithms.contains(jws.algorithm), app.metadata.tokenEndpointAuthSigningAlgorithm.map({ $0 == jws.algorithm }) ?? true else {
            return refused(.algorithm)
        }
        let candidates: [JWK]
        switch await keys.candidates(for: jws, of: app, at: now) {
        case .success(let found): candidates = found
        case .failure(let unread): return .failure(unread.error(.assertionKeysRead, of: app))
        }
        guard !candidates.isEmpty else { return refused(.noKey) }
        guard candidates.contains(where: { jws.isSigned(by: $0.key) }) else { return refused(.signature) }
        do throws(ClientAssertion.Refusal) {
            return .success(try ClientAssertion(jws, of: app.clientID, for: addresses.assertionAudiences(at: request.path), rules: rules, at: now))
        } catch {
            return refused(error)
        }
    }
}

extension ClientAssertion {
    /// What may be done with it once.
    var use: ReplayUse {
        ReplayUse(digest: Digest(of: "assertion\n\(clientID)\n\(tokenID)"), issuedAt: issuedAt, expiresAt: expiresAt)
    }
}

extension ClientAssertion.Refusal {
    /// - Returns: `nil` for the first use.
    init?(_ outcome: ReplayOutcome) {
        switch outcome {
        case .first: return nil
        case .replayed: self = .replayed
        case .tooOldToTell: self = .tooOldToTell
        }
    }
}

extension AssertionCheck {
    /// What a sound assertion of the app has where a refused one has something else.
    func expected(by refusal: ClientAssertion.Refusal, of app: App) -> String? {
        switch refusal {
        case .issuer, .subject: app.clientID.text
        case .audience: addresses.issuer.text
        case .algorithm:
            (app.metadata.tokenEndpointAuthSigningAlgorithm.map { [$0] } ?? app.profile.rules.algorithms).map(\.rawValue).joined(separator: " ")
        case .noKey: app.metadata.jwksURI ?? app.metadata.jwks.map { $0.keys.map { "kid \($0.keyID ?? "none")" }.joined(separator: ", ") }
        default: nil
        }
    }
}

extension ServerAddresses {
    /// RFC 7523 §3, and RFC 9126 §2 for the endpoint that is called.
    func assertionAudiences(at path: String) -> ClientAssertion.Audiences {
        ClientAssertion.Audiences(issuer: issuer.text, endpoints: all("/oauth2/token") + (path == "/oauth2/token" ? [] : all(path)))
    }
}
