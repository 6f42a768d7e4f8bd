/// A rule of a specification that a request can break: what it asks, where it stands, and how to mend a request that breaks it.
public struct RefusalRule: Hashable, Sendable {
    /// Its name here: 1 to 32 lower-case letters, digits and underscores.
    public let name: String
    public let code: OAuthError.Code
    /// What is asked, as a sentence without a full stop.
    public let statement: String
    /// Where it stands, such as `RFC 7636 §4.6`.
    public let clause: String
    /// The parameter, header or claim that breaks it, unless the refusal names another one.
    public let parameter: String?
    /// One or two sentences.
    public let advice: String

    public init(_ name: String, _ code: OAuthError.Code, _ statement: String, _ clause: String, parameter: String? = nil, advice: String) {
        self.name = name
        self.code = code
        self.statement = statement
        self.clause = clause
        self.parameter = parameter
        self.advice = advice
    }
}

extension RefusalRule {
    /// Every rule, for the documentation and for finding one by its name.
    public static let all: [RefusalRule] =
        authorization + customers + robot + pushed + clients + tokens + tokenUse + ClientAssertion.Refusal.allCases.map(\.rule)
        + RequestObject.Refusal.allCases.map(\.rule) + DPoPProof.Refusal.allCases.map(\.rule)

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    public static func named(_ name: String) -> RefusalRule? { byName[name] }
}
