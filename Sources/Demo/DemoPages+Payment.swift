internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Pages
internal import Primitives
internal import Web

/// What is shown of one payment.
struct PaymentPage: Encodable {
    struct Step: Encodable {
        let status, code, words, when: String
    }

    let heading, lead: String
    let amount, creditor, reference, consentID: String
    let scenario, paymentID: String?
    let steps: [Step]
    let refusal: PaymentOrder.Refusal?
    let isOnItsWay, isWatching, canSendAgain: Bool
}

/// The payment that the customer approved: made once, watched until it has arrived, and sent again when its answer was lost.
extension DemoPages {
    /// Makes the payment, right after the code was exchanged.
    func pay(_ order: PaymentOrder, with token: String, _ context: AppContext) async throws -> Response {
        var order = order
        order.accessToken = token
        return try await send(order, scenario: order.scenario, context)
    }

    /// The same request with the same key; with a new one where the bank said no, which it would only repeat. The scenario is left out: it belonged to the first
    /// attempt.
    func payAgain(_ request: Request, _ context: AppContext) async throws -> Response {
        guard var order = orders.content(in: request, at: context.receivedAt) else { return .seeOther("/demo/pay") }
        if order.refusal?.status == 422 { order.key = randomness.alphanumerics(24) }
        return try await send(order, scenario: nil, context)
    }

    private func send(_ order: PaymentOrder, scenario: String?, _ context: AppContext) async throws -> Response {
        var order = order
        do {
            order = try await answered(order, scenario: scenario)
        } catch let failure as PlatformFailure {
            // The bank may have paid. The code is spent: what is kept here is all that the payment can be asked for again with.
            log(failure, context)
            order.refusal = .noAnswer
        }
        var response = Response.seeOther("/demo/payment?watch=yes")
        try orders.set(order, at: context.receivedAt, on: &response)
        return response
    }

    /// The order with what the bank answered.
    /// - Throws: `PlatformFailure` when no answer came, or none that can be read.
    private func answered(_ order: PaymentOrder, scenario: String?) async throws -> PaymentOrder {
        var order = order
        let answer = try await platform.api(
            "POST", "/v1/payments", token: order.accessToken ?? "", body: JSONEncoder().encode(PaymentRequest(order.bill, consent: order.consentID)),
            idempotencyKey: order.key, scenario: scenario)
        if answer.status == 201 {
            order.paymentID = try answer.decode(PaymentView.self).id
            order.refusal = nil
        } else {
            let problem = answer.problem ?? .unknown(answer.status)
            order.refusal = .init(status: answer.status, code: problem.name, text: problem.text, requestID: problem.request_id)
        }
        return order
    }

    // MARK: Watching

    func payment(_ request: Request, _ context: AppContext) async throws -> Response {
        guard let order = orders.content(in: request, at: context.receivedAt) else { return .seeOther("/demo/pay") }
        guard let id = order.paymentID else { return refusedPage(order) }
        let answer = try await platform.api("GET", "/v1/payments/\(id)", token: try await appToken(scope: "payments.write"))
        guard answer.status == 200 else { throw DemoRefusal(answer.problem ?? .unknown(answer.status), doing: "The payment could not be read.") }
        let view = try answer.decode(PaymentView.self)
        let watches = request.query?["watch"] != nil && !view.isFinal && view.isYoung(at: context.receivedAt)
        let words = Self.words(view, to: order.bill)
        let page = PaymentPage(
            heading: words.heading, lead: words.lead, amount: order.bill.text, creditor: order.bill.creditor, reference: order.bill.reference,
            consentID: order.consentID, scenario: order.scenario, paymentID: view.id, steps: view.timeline.map { PaymentPage.Step($0, at: context.receivedAt) },
            refusal: nil, isOnItsWay: !view.isFinal, isWatching: watches, canSendAgain: false)
        var response = pages.page("demo/payment", page, shell: shell(page.heading))
        // The page loads itself again without a script; the link beside it stops that.
        if watches { response.headers[Self.refresh] = "2; url=/demo/payment?watch=yes" }
        return response
    }

    private func refusedPage(_ order: PaymentOrder) -> Response {
        let words = Self.words(order.refusal)
        let page = PaymentPage(
            heading: words.heading, lead: words.lead,
            amount: order.bill.text, creditor: order.bill.creditor, reference: order.bill.reference, consentID: order.consentID, scenario: order.scenario,
            paymentID: nil, steps: [], refusal: order.refusal, isOnItsWay: false, isWatching: false, canSendAgain: order.refusal?.status != 401)
        return pages.page("demo/payment", page, shell: shell(page.heading))
    }

    private static func words(_ view: PaymentView, to bill: Bill) -> (heading: String, lead: String) {
        switch view.status {
        case "settled": ("\(bill.creditor) is paid", "\(bill.text) has left your account.")
        case "rejected": ("It was not paid", "The money is yours again. Below is what happened.")
        case "held": ("The bank is looking at it", "Somebody at Wekeza decides. Meanwhile the amount is set aside.")
        case "blocked": ("The bank stopped it", "The amount is set aside until the bank decides.")
        default: ("On its way to \(bill.creditor)", "Wekeza accepted it. The other bank takes a moment.")
        }
    }

    private static func words(_ refusal: PaymentOrder.Refusal?) -> (heading: String, lead: String) {
        switch refusal?.status ?? 0 {
        case 401:
            ("It is too late to ask again", "Our permission lasts five minutes. Your payments at Wekeza show whether it was paid.")
        case _ where refusal?.isUnsure == true:
            (
                "We do not know whether it was paid",
                "The bank’s answer did not reach us. We send the very same request again, with the same key: if it was paid, we learn that, and it is not paid twice."
            )
        case 422:
            (
                "The bank did not take it",
                "Nothing was moved. Your approval stands until it is used or its day is over. Sent again, the request gets a new key: the bank keeps its no under the old one."
            )
        default: ("The bank did not take it", "Nothing was moved. Your approval stands until it is used or its day is over.")
        }
    }

    private static let refresh = HTTPField.Name("Refresh")!  // a constant that parses
}

extension PaymentPage.Step {
    fileprivate init(_ step: PaymentView.Step, at now: Timestamp) {
        status = step.status
        code = step.status_code
        words = step.reason.replacing("_", with: " ") + (step.reason_code.map { ", \($0)" } ?? "")
        when = Timestamp(iso8601: step.at)?.moment(seenAt: now) ?? step.at
    }
}
