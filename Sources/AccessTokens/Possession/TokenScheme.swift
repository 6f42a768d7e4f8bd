import JOSE
import OAuth

/// How a token travels in the Authorization header (RFC 6750 §2.1, RFC 9449 §7.1).
public enum TokenScheme: String, CaseIterable, Sendable {
    case bearer = "Bearer"
    case dpop = "DPoP"

    /// In any case (RFC 9110 §11.1).
    public init?(_ text: some StringProtocol) {
        guard let scheme = Self.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else { return nil }
        self = scheme
    }

    /// The value of `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7.1).
    /// - Parameter parameters: what is told beyond the realm, as it is written.
    public func challenge(_ parameters: String) -> String {
        let challenge = #"\#(rawValue) realm="wekeza", \#(parameters)"#
        return self == .dpop ? "\(challenge), \(DPoPChallenge.algorithms)" : challenge
    }
}

/// The value of `WWW-Authenticate` for DPoP (RFC 9449 §7.1).
public enum DPoPChallenge {
    /// Without an error, for a request that brought no token.
    public static let tokenWanted = #"DPoP realm="wekeza", \#(algorithms)"#

    public static func text(_ refusal: PossessionRefusal) -> String {
        let scheme = refusal.isAboutDPoP ? "DPoP" : "Bearer"
        let challenge = #"\#(scheme) realm="wekeza", error="\#(refusal.code.rawValue)", error_description="\#(refusal.message)""#
        return refusal.isAboutDPoP ? "\(challenge), \(algorithms)" : challenge
    }

    /// The parameter that names what a proof may be signed with.
    public static let algorithms = #"algs="\#(DPoPProof.algorithms.map(\.rawValue).joined(separator: " "))""#
}
