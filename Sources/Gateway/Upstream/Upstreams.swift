import Applications
import Contract

/// Which upstream answers what.
public struct Upstreams: Sendable {
    private let platform: any Upstream
    private let sandbox: any Upstream
    private let live: (any Upstream)?
    private let controls: any Upstream

    /// - Parameters:
    ///   - platform: answers what the platform itself keeps (consents), for every app.
    ///   - sandbox: the sandbox's bank, in this process.
    ///   - live: the real core banking system, when one is connected (`--upstream`).
    ///   - controls: the sandbox's controls.
    public init(platform: any Upstream, sandbox: any Upstream, live: (any Upstream)?, controls: any Upstream) {
        self.platform = platform
        self.sandbox = sandbox
        self.live = live
        self.controls = controls
    }

    func upstream(for rules: AccessRules, environment: AppEnvironment) -> (any Upstream)? {
        switch (rules.server, environment) {
        case (.platform, _): platform
        case (.sandbox, .sandbox): controls
        case (.sandbox, .live): nil
        case (.bank, .sandbox): sandbox
        // A bank behind HTTP can neither lodge a consent in our records nor use one up, so it is given nothing that would.
        case (.bank, .live): rules.spendsConsent || rules.lodgesConsent ? nil : live
        }
    }
}
