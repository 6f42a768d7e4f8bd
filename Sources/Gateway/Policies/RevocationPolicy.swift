import AccessTokens
import Metering
import Web

/// Neither the token (RFC 7009) nor the grant it came from was revoked.
struct RevocationPolicy: Policy {
    let name = "revocation"
    let revocations: Revocations

    func checkAtOnce(_ call: inout Call) -> Verdict? {
        guard let claims = call.claims else { return .skipped(.noToken) }
        return revocations.known(about: claims).map { verdict($0, under: call.scheme) }
    }

    func check(_ call: inout Call) async throws -> Verdict {
        guard let claims = call.claims else { return .skipped(.noToken) }
        return verdict(try await revocations.refusal(of: claims), under: call.scheme)
    }

    private func verdict(_ reason: RevocationReason?, under scheme: TokenScheme) -> Verdict {
        guard let reason else { return .passed(.notRevoked) }
        let detail = "The access token was revoked."
        return refused(.revokedToken, detail, expected: "a token in force", got: Self.words(reason), challenge: .invalidToken(detail, under: scheme))
    }

    private static func words(_ reason: RevocationReason) -> String {
        switch reason {
        case .tokenDenied: "a revoked token"
        case .grantRevoked: "a token of a revoked grant"
        }
    }
}
