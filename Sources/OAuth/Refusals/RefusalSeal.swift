public import Primitives

/// One refusal as its app's developers read it later.
public struct ExplainedRefusal: Hashable, Sendable {
    public let appID: AppID
    public let endpoint: OAuthEndpoint
    public let refusedAt: Timestamp
    public let code: OAuthError.Code
    public let rule: RefusalRule?
    public let parameter: String?
    public let expected: String?
    public let received: String?

    public init(_ error: OAuthError, of appID: AppID, at endpoint: OAuthEndpoint, now: Timestamp) {
        self.init(
            appID: appID, endpoint: endpoint, refusedAt: now, code: error.code, rule: error.explanation?.rule, parameter: error.explanation?.parameter,
            expected: error.explanation?.expected, received: error.explanation?.received?.text)
    }

    fileprivate init(
        appID: AppID, endpoint: OAuthEndpoint, refusedAt: Timestamp, code: OAuthError.Code, rule: RefusalRule?, parameter: String?, expected: String?,
        received: String?
    ) {
        self.appID = appID
        self.endpoint = endpoint
        self.refusedAt = refusedAt
        self.code = code
        self.rule = rule
        self.parameter = parameter
        self.expected = expected
        self.received = received
    }
}

/// Where an app was refused; the path's last part is its name.
public enum OAuthEndpoint: String, CaseIterable, Sendable {
    case authorize, token, par, introspect, revoke, userinfo

    public var path: String { "/oauth2/\(rawValue)" }
}

/// Seals refusals into the addresses of their own pages (docs/decisions/0016-explained-refusals.md): nothing is kept, whoever carries the address reads nothing
/// in it, and every one is equally long, whatever it tells.
public struct RefusalSeal: Sendable {
    private let sealer: Sealer

    public init(rootKey: RootKey) { sealer = Sealer(rootKey, purpose: "explained-refusal") }

    /// How long a refusal can be read.
    public static let lifetime = Duration.days(7)
    /// Of the query parameter that carries it.
    public static let parameter = "refusal"

    /// Bytes before sealing; 464 characters come of it.
    private static let size = 320
    /// Characters of every sealed text.
    public static let length = 464

    public func seal(_ refusal: ExplainedRefusal) -> String {
        let facts = [
            refusal.appID.rawValue, refusal.endpoint.rawValue, String(refusal.refusedAt.seconds), refusal.code.rawValue, refusal.rule?.name ?? "",
            Explanation.cut(refusal.parameter ?? "", to: 40),
        ]
        let room = Self.size - facts.reduce(0) { $0 + $1.utf8.count + 1 } - 1
        let (expected, received) = Self.fit(Explanation.printable(refusal.expected ?? ""), Explanation.printable(refusal.received ?? ""), into: room)
        var bytes = Array((facts + [expected, received]).joined(separator: "\n").utf8.prefix(Self.size))
        bytes += Array(repeating: 0, count: Self.size - bytes.count)
        return sealer.seal(bytes)
    }

    /// - Returns: `nil` for what was not sealed by us, or is older than its lifetime.
    public func open(_ text: String, at now: Timestamp) -> ExplainedRefusal? {
        guard text.utf8.count == Self.length, let bytes = sealer.open(text) else { return nil }
        let parts = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 8, let appID = AppID(parts[0]), let endpoint = OAuthEndpoint(rawValue: parts[1]), let seconds = Int64(parts[2]),
            let code = OAuthError.Code(rawValue: parts[3])
        else { return nil }
        let refusedAt = Timestamp(seconds: seconds)
        guard now < refusedAt + Self.lifetime else { return nil }
        return ExplainedRefusal(
            appID: appID, endpoint: endpoint, refusedAt: refusedAt, code: code, rule: RefusalRule.named(parts[4]), parameter: Self.some(parts[5]),
            expected: Self.some(parts[6]), received: Self.some(parts[7]))
    }

    private static func some(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// What one text leaves of its half is the other's.
    private static func fit(_ expected: String, _ received: String, into room: Int) -> (String, String) {
        let half = max(0, room / 2)
        let (first, second) = (expected.utf8.count, received.utf8.count)
        return (
            Explanation.cut(expected, to: max(half, room - second)), Explanation.cut(received, to: max(half, room - first))
        )
    }
}
