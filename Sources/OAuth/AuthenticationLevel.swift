/// How somebody proved who they are: the values of `amr` (RFC 8176 §2).
public enum AuthenticationMethod: String, CaseIterable, Sendable {
    case password = "pwd"
    /// A code of an authenticator app, or a recovery code, which works once too.
    case oneTimeCode = "otp"
    case severalFactors = "mfa"

    public static let passwordAlone: [AuthenticationMethod] = [.password]
    public static let passwordAndCode: [AuthenticationMethod] = [.password, .oneTimeCode, .severalFactors]
}

/// How sure a sign-in makes us of somebody: the values of `acr` (OpenID Connect Core §2), the weaker one first.
public enum AuthenticationLevel: String, CaseIterable, Comparable, Codable, Sendable {
    case password = "urn:wekeza:acr:1"
    case passwordAndCode = "urn:wekeza:acr:2"

    /// - Parameter methods: the values of `amr`.
    public init(methods: [String]) {
        let proved = [AuthenticationMethod.password, .oneTimeCode].allSatisfy { methods.contains($0.rawValue) }
        self = proved ? .passwordAndCode : .password
    }

    private var rank: Int {
        switch self {
        case .password: 1
        case .passwordAndCode: 2
        }
    }

    public static func < (lhs: AuthenticationLevel, rhs: AuthenticationLevel) -> Bool { lhs.rank < rhs.rank }
}
