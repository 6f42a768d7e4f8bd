import Applications
import Contract
import Metering
import Web

/// Somebody is there to answer: the platform, the sandbox's bank, or the real one.
struct RoutePolicy: ImmediatePolicy {
    let name = "route"
    let upstreams: Upstreams

    func check(_ call: inout Call) -> Verdict {
        guard let app = call.app else { return .skipped(.noApp) }
        guard call.rules.server != .sandbox || app.environment == .sandbox else {
            return refused(.sandboxOnly, "The sandbox's controls are for sandbox apps.", expected: "a token of a sandbox app", got: "a live app's")
        }
        guard let upstream = upstreams.upstream(for: call.rules, environment: app.environment) else {
            return refused(
                .noUpstream, "No live bank is connected to this platform\(call.rules.spendsConsent ? " for payments" : "").", at: "",
                expected: "a core banking system behind the platform", got: "none",
                retryAfter: 60)
        }
        call.upstream = upstream
        return .passed(Self.finding(call.rules.server, app.environment))
    }

    private static func finding(_ server: AccessRules.Server, _ environment: AppEnvironment) -> Finding {
        switch (server, environment) {
        case (.platform, _): .platform
        case (.sandbox, _): .sandboxControls
        case (.bank, .sandbox): .sandboxBank
        case (.bank, .live): .liveBank
        }
    }
}
