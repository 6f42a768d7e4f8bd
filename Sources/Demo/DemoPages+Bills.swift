internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Pages
internal import Primitives
internal import Web

/// The bills, and what the sandbox can make of a payment.
struct BillsPage: Encodable {
    let bills: Choices
    let scenario: Field?
    let errors: ErrorSummary?
}

/// "Pay a bill": the customer chooses one, Financial Copilot lodges a consent for exactly it, and the bank asks.
extension DemoPages {
    func choose(_ request: Request, _ context: AppContext) async throws -> Response {
        try await billsPage(chosen: Bill.all.first?.key, scenario: nil, errors: FormErrors())
    }

    private func billsPage(chosen: String?, scenario: String?, errors: FormErrors) async throws -> Response {
        let scenarios = try await scenarios()
        let options =
            [Field.Option(value: "", label: "Whatever the bank decides", isSelected: scenario == nil)]
            + scenarios.map { Field.Option(value: $0.name, label: "\($0.name): \($0.description)", isSelected: $0.name == scenario) }
        let page = BillsPage(
            bills: Choices(
                "bill", "Which bill?", options: Bill.all.map { ($0.key, "\($0.creditor), \($0.text)", "Reference: \($0.reference)") },
                chosen: Set([chosen].compactMap { $0 }), errors: errors),
            scenario: scenarios.isEmpty
                ? nil
                : .select(
                    "scenario", "What is to happen?", options: options, hint: "The sandbox makes the payment turn out as you choose; everything else is real.",
                    errors: errors),
            errors: errors.summary)
        return pages.page(
            "demo/bills", page, shell: Shell(audience: .visitor, title: "Pay a bill", isError: !errors.isEmpty, width: .narrow),
            status: errors.isEmpty ? .ok : .unprocessableContent)
    }

    /// What the bank's sandbox can do; nothing when it does not say.
    private func scenarios() async throws -> [ScenarioList.Scenario] {
        let answer = try await platform.api("GET", "/sandbox/v1/scenarios", token: try await appToken())
        return answer.status == 200 ? try answer.decode(ScenarioList.self).data : []
    }

    /// Lodges the consent for one payment, then sends the customer to approve it.
    func ask(_ request: Request, _ context: AppContext) async throws -> Response {
        let form = try await request.fields(context: context)
        let scenario = form["scenario"].flatMap { $0.isEmpty ? nil : $0 }
        guard let bill = Bill.all.first(where: { $0.key == form["bill"] }) else {
            var errors = FormErrors()
            errors.add(field: "bill", "Choose the bill to pay.")
            return try await billsPage(chosen: nil, scenario: scenario, errors: errors)
        }
        let now = context.receivedAt
        let wish = try JSONEncoder().encode(Wish(payment: PaymentRequest(bill)))
        let answer = try await platform.api("POST", "/v1/consents", token: try await appToken(), body: wish, idempotencyKey: randomness.alphanumerics(24))
        guard answer.status == 201 else {
            throw DemoRefusal(answer.problem ?? .unknown(answer.status), doing: "The request for the customer’s consent was refused.")
        }
        let consent = try answer.decode(Lodged.self).id
        let order = PaymentOrder(bill: bill, scenario: scenario, key: randomness.alphanumerics(24), consentID: consent)
        return try await send(Flow(consentID: consent, order: order, randomness: randomness, at: now), for: "payment", scope: "openid", request, at: now)
    }

    private struct Wish: Encodable {
        let type = "payment"
        let payment: PaymentRequest
    }
}
