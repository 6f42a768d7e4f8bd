import JSON

/// What the app asks of the customer's authentication: by `acr_values` (OpenID Connect Core §3.1.2.1), or by `acr` in `claims` (§5.5.1.1).
public struct AuthenticationRequest: Hashable, Sendable {
    /// Those of the values asked for that there are here, the most wanted first.
    public let levels: [AuthenticationLevel]
    /// Whether nothing but one of them will do; otherwise they are a wish.
    public let isEssential: Bool

    /// One that was read before.
    public init(levels: [AuthenticationLevel], isEssential: Bool) {
        self.levels = levels
        self.isEssential = isEssential
    }

    /// - Parameter defaults: what the app registered for requests that ask nothing (`default_acr_values`, OpenID Connect Registration §2).
    /// - Returns: `nil` when nothing is asked, or nothing that there is here.
    /// - Throws: `unmet_authentication_requirements` when only levels will do that there are not.
    public init?(acrValues: String?, claims: ClaimsRequest?, otherwise defaults: [String] = []) throws(OAuthError) {
        let asked = claims?.acrValues ?? acrValues?.split(separator: " ", maxSplits: 20).map(String.init) ?? defaults
        isEssential = claims?.isACREssential == true && !asked.isEmpty
        levels = asked.compactMap(AuthenticationLevel.init(rawValue:))
        guard levels.isEmpty else { return }
        guard !isEssential else {
            throw .against(
                .knownLevel, "There is no such authentication here: see acr_values_supported.",
                expected: AuthenticationLevel.allCases.map(\.rawValue).joined(separator: " "), received: .value(asked.joined(separator: " ")))
        }
        return nil
    }

    /// Whether a session of this level falls short of the level that is wanted most.
    public func asksForMore(than level: AuthenticationLevel) -> Bool { levels.first.map { level < $0 } ?? false }

    public func isMet(by level: AuthenticationLevel) -> Bool { !isEssential || levels.contains { $0 <= level } }

    /// What `acr` tells the app: the highest of the levels asked for that the session reaches, else the session's own.
    public func told(of level: AuthenticationLevel) -> AuthenticationLevel { levels.filter { $0 <= level }.max() ?? level }
}

/// The parameter `claims` (OpenID Connect Core §5.5): what of it changes how the customer is asked. Every other claim is given by its scope, asked for here or
/// not, and leaving one out is no error (§5.5.1).
public struct ClaimsRequest: Hashable, Sendable {
    /// The values of `acr`, the most wanted first; `nil` when none are named.
    public let acrValues: [String]?
    public let isACREssential: Bool
    /// The one customer who will do (§5.5.1): the `value` of `sub`.
    public let subject: String?

    public init?(_ parameters: RequestParameters) throws(OAuthError) {
        guard let text = parameters["claims"] else { return nil }
        guard let claims = (try? JSONValue(parsing: text, limits: .token(bytes: 8192)))?.object else {
            throw .against(.claims, "The parameter claims is not a JSON object.", expected: "{\"id_token\":{...},\"userinfo\":{...}}", received: .value(text))
        }
        for place in ["id_token", "userinfo"] {
            guard claims[place].map({ $0.object != nil || $0 == .null }) ?? true else {
                throw .against(
                    .claims, "The members id_token and userinfo of claims are JSON objects.", expected: "an object or null in \(place)", received: .value(text))
            }
        }
        let acr = claims["id_token"]?["acr"]
        acrValues = acr?["value"]?.string.map { [$0] } ?? acr?["values"]?.array?.compactMap(\.string)
        isACREssential = acr?["essential"]?.boolean ?? false
        subject = claims["id_token"]?["sub"]?["value"]?.string ?? claims["userinfo"]?["sub"]?["value"]?.string
    }
}
