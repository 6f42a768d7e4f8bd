/// What one check found, and what to do about it.
public struct Finding: Sendable, Encodable, Hashable {
    public enum State: String, Sendable, Encodable {
        case ok
        /// It works, and will not for ever, or not safely.
        case warning
        /// The server does not start, or must not.
        case problem
    }

    public let check: String
    public let state: State
    /// One sentence.
    public let found: String
    /// What to do; `nil` when all is well.
    public let advice: String?

    static func ok(_ check: String, _ found: String) -> Finding { Finding(check: check, state: .ok, found: found, advice: nil) }

    static func warning(_ check: String, _ found: String, _ advice: String) -> Finding {
        Finding(check: check, state: .warning, found: found, advice: advice)
    }

    static func problem(_ check: String, _ found: String, _ advice: String) -> Finding {
        Finding(check: check, state: .problem, found: found, advice: advice)
    }

    /// A set-up that cannot even be read.
    public static func wrongSetting(_ sentence: String) -> Finding {
        .problem("settings", sentence, "Correct the flag or the WEKEZA_ variable; wekeza serve --help lists them.")
    }
}
