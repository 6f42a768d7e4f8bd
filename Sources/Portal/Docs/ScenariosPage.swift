import Hummingbird
import OpenBanking
import Pages
import Payments
import Primitives
import Web

/// `/docs/scenarios`: the table of payment scenarios, as the sandbox's bank acts on it.
struct ScenariosPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/docs/scenarios") { request, context in
            try await site.docs(request, context, "docs/scenarios", title: "Payment scenarios") { Model(context.issuer) }
        }
    }

    struct Row: Encodable {
        let name, words, amount, account: String
        /// `422`
        let status: String
        let code, codeAddress: String?
        /// `received → held`, empty when no payment is made.
        let timeline: String
        let reason: String?
    }

    struct Model: Encodable {
        let navigation = DocsNavigation(current: "sandbox")
        let rows = PaymentScenario.all.map(Row.init)
        let byHeader, byAccount, again: Code

        init(_ issuer: Issuer) {
            let body = { (amount: String, account: String) in
                #"{"consent_id": "'"$CONSENT"'", "amount": {"amount": "\#(amount)", "currency": "KES"},"#
                    + "\n       " + #""creditor": {"name": "Kenya Power", "account": "\#(account)"}, "reference": "Bill 77"}"#
            }
            let call = { (key: String, more: String, amount: String, account: String) in
                """
                curl -i \(issuer)/v1/payments \\
                  -H "Authorization: Bearer $ACCESS_TOKEN" \\
                  -H "Content-Type: application/json" \\
                  -H "Idempotency-Key: \(key)" \\\(more)
                  -d '\(body(amount, account))'
                """
            }
            byHeader = Code(
                "A scenario by its header", call("$(date +%s%N)", "\n  -H \"X-Sandbox-Scenario: held_then_released\" \\", "1250.00", "KPLC-882-001"))
            byAccount = Code("A scenario by the creditor’s account", call("$(date +%s%N)", "", "1250.00", "SANDBOX-RETURNED-ACCOUNT-CLOSED"))
            again = Code(
                "An answer that is lost, and the same request again",
                "# 502: the payment was made, and you cannot know it\n"
                    + call("bill-77", "\n  -H \"X-Sandbox-Scenario: answer_lost\" \\", "1250.00", "KPLC-882-001")
                    + "\n\n# The same key and body: 201, Idempotency-Replayed: true, and one payment\n" + call("bill-77", "", "1250.00", "KPLC-882-001"))
        }
    }
}

extension ScenariosPage.Row {
    fileprivate init(_ scenario: PaymentScenario) {
        name = scenario.name
        words = scenario.words
        amount = Money(minorUnits: scenario.amount, currency: .kes).decimal
        account = scenario.creditorAccount
        let promise = scenario.promise
        status = String(promise.status)
        code = promise.code
        codeAddress = promise.code.flatMap(ErrorCode.init(rawValue:))?.documentationPath
        timeline = promise.timeline.map(\.rawValue).joined(separator: " → ")
        reason = promise.reason.map { reason in reason.rawValue + (reason.iso20022.map { " (\($0))" } ?? "") }
    }
}
