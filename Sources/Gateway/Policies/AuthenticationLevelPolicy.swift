import AccessTokens
import Applications
import Consents
import Contract
import Metering
import OAuth
import OpenBanking
import Primitives
import Web

/// Where money leaves, the customer proved as much as the app's profile asks for (RFC 9470), also when the profile became stricter after they approved.
struct AuthenticationLevelPolicy: ImmediatePolicy {
    let name = "authentication_level"

    func check(_ call: inout Call) -> Verdict {
        guard call.rules.spendsConsent else { return .skipped(.noMoneyLeaves) }
        guard let app = call.app, let claims = call.claims, let consent = call.consent else { return .skipped(.noConsent) }
        guard app.profile.rules.requiresSecondFactorForPayments else { return .skipped(.noSecondFactorAsked) }
        // A repetition finds its first answer, and nothing leaves any more.
        guard consent.standing(at: call.now).status != .consumed else { return .skipped(.consentUsedUp) }
        let wanted = AuthenticationLevel.passwordAndCode
        guard let level = claims.level, level >= wanted else {
            let detail = "The customer approved this without a one-time code, which the app's profile asks for where money leaves."
            return refused(
                .insufficientUserAuthentication, detail, expected: "acr \(wanted.rawValue)", got: claims.level.map { "acr \($0.rawValue)" } ?? "no acr",
                challenge: .insufficientUserAuthentication(detail, wanted: wanted, binding: claims.binding))
        }
        return .found(level.rawValue)
    }
}
