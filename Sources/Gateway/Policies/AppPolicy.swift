import AccessTokens
import Applications
import Metering
import Web

/// The app that the token was issued to is there, and lives where its token says.
struct AppPolicy: Policy {
    let name = "app"
    let apps: AppDirectory

    func checkAtOnce(_ call: inout Call) -> Verdict? {
        guard let claims = call.claims else { return .skipped(.noToken) }
        return apps.known(claims.appID).map { verdict(on: $0, claims, &call) }
    }

    func check(_ call: inout Call) async throws -> Verdict {
        guard let claims = call.claims else { return .skipped(.noToken) }
        return verdict(on: try await apps.find(claims.appID), claims, &call)
    }

    private func verdict(on app: App?, _ claims: AccessTokenClaims, _ call: inout Call) -> Verdict {
        // Known even when refused, so that its developers find the call among their own.
        call.app = app
        guard let app, app.isActive, app.clientID == claims.clientID else {
            let detail = "The app that this token was issued to is not active."
            return refused(
                .appInactive, detail, expected: "an active app",
                got: app == nil ? "an unknown app" : app?.isHeld == true ? "an app that waits for its confirmation" : "a removed app",
                challenge: .invalidToken(detail, under: call.scheme))
        }
        guard app.environment.rawValue == claims.environment else {
            let detail = "The access token belongs to another environment."
            return refused(
                .invalidToken, detail, expected: app.environment.rawValue, got: String(claims.environment.prefix(20)),
                challenge: .invalidToken(detail, under: call.scheme))
        }
        return .found(app.name)
    }
}
