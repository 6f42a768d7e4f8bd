import Bank
import OAuth
public import Primitives

/// What a sandbox app wants the robot customer to do with its next authorization request: one of the five customers decides at once, and no page is shown.
public struct RobotWish: Hashable, Sendable {
    public enum Decision: String, CaseIterable, Sendable {
        case approve
        case reject
        /// The customer turns back without deciding: a lodged consent goes on waiting.
        case abandon
    }

    /// `amina.traveler`: one of the customers that every sandbox has, and never somebody who was registered.
    public let customer: String
    public let decision: Decision
    /// Empty for every account that can be chosen; for a payment, the first that can pay.
    public let accounts: [AccountID]

    /// - Returns: `nil` unless the name is that of one of the sandbox's customers.
    public init?(customer: String, decision: Decision, accounts: [AccountID]) {
        guard Persona.named(customer) != nil else { return nil }
        self.customer = customer
        self.decision = decision
        self.accounts = accounts
    }

    /// Whose data the customer's life in a world comes from.
    var persona: Persona? { Persona.named(customer) }
}

extension RobotWish {
    /// The parameters of an authorization request: `sandbox_customer`, `sandbox_decision`, `sandbox_accounts`.
    static let parameters = ["sandbox_customer", "sandbox_decision", "sandbox_accounts"]

    /// Reads the wish of a request.
    /// - Returns: `nil` when it has none.
    init?(_ parameters: RequestParameters) throws(OAuthError) {
        guard let stray = Self.parameters.first(where: { parameters[$0] != nil }) else { return nil }
        guard let customer = parameters["sandbox_customer"] else {
            throw .against(.robotWish, "The request names no sandbox_customer beside \(stray).", expected: Self.customers)
        }
        let decision = parameters["sandbox_decision"] ?? Decision.approve.rawValue
        guard let decision = Decision(rawValue: decision) else {
            throw .against(
                .robotWish, "The robot does not know this sandbox_decision.", parameter: "sandbox_decision",
                expected: Decision.allCases.map(\.rawValue).joined(separator: ", "), received: .value(decision))
        }
        let texts = (parameters["sandbox_accounts"] ?? "").split(separator: " ").map(String.init)
        let accounts = texts.compactMap(AccountID.init)
        guard accounts.count == texts.count else {
            throw .against(
                .robotWish, "A sandbox_accounts is no account id.", parameter: "sandbox_accounts", expected: "account ids with a space between",
                received: .value(texts.first { AccountID($0) == nil }))
        }
        guard let wish = RobotWish(customer: customer, decision: decision, accounts: accounts) else {
            throw .against(.robotWish, "The sandbox has no such customer.", expected: Self.customers, received: .value(customer))
        }
        self = wish
    }

    private static let customers = Persona.all.map(\.signInName).joined(separator: ", ")
}
