import Consents
import Contract
import Metering
import Primitives
import Web

/// The account in the path is one that the customer chose. One that does not exist is refused in the same words.
struct AccountPolicy: ImmediatePolicy {
    let name = "account"

    func check(_ call: inout Call) -> Verdict {
        guard let parameter = call.rules.accountParameter else { return .skipped(.namesNoAccount) }
        guard let consent = call.consent else { return .skipped(.noConsent) }
        let text = call.pathParameters[parameter] ?? ""
        guard let account = consent.accounts.first(where: { $0.rawValue.hasBytes(of: text) }) else {
            return refused(
                .accountNotInConsent, "The account is not one that the customer chose.", at: "/path/\(parameter)",
                expected: "one of the consent's \(consent.accounts.count) accounts", got: text.beginning(bytes: 64))
        }
        call.accountID = account
        return .found(account.rawValue)
    }
}
