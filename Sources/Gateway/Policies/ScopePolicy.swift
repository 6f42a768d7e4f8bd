import AccessTokens
import Contract
import Metering
import OAuth
import Web

/// The token's scope covers the operation (RFC 6749 §3.3).
struct ScopePolicy: ImmediatePolicy {
    let name = "scope"

    func check(_ call: inout Call) -> Verdict {
        guard let claims = call.claims else { return .skipped(.noToken) }
        let wanted = call.rules.scope
        guard let scope = Scope(rawValue: wanted), claims.scope.contains(scope) else {
            let got = claims.scope.isEmpty ? "no scope" : claims.scope.text
            return refused(
                .insufficientScope, "The token's scope does not include \(wanted).", expected: wanted, got: got,
                challenge: .insufficientScope(wanted, under: call.scheme))
        }
        return .found(wanted)
    }
}
