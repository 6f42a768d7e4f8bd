import Primitives

/// A bill that waits to be paid, as Financial Copilot found it in somebody's mail.
struct Bill: Codable, Hashable, Sendable {
    let key, amount, currency, creditor, account, reference: String

    /// `KES 1,250.00`
    var text: String { Currency(rawValue: currency).flatMap { Money(decimal: amount, currency: $0) }?.text ?? "\(currency) \(amount)" }

    static let all = [
        Bill(key: "power", amount: "1250.00", currency: "KES", creditor: "Kenya Power", account: "KPLC-882-001", reference: "Bill 77"),
        Bill(key: "water", amount: "640.00", currency: "KES", creditor: "Nairobi Water", account: "NWSC-40118", reference: "Meter 55-2041"),
        Bill(key: "fibre", amount: "2999.00", currency: "KES", creditor: "Savanna Fibre", account: "SVNF-310077", reference: "Home fibre"),
    ]
}

/// What Financial Copilot keeps of one payment, sealed in the browser's cookie: enough to send the same request again.
struct PaymentOrder: Codable, Sendable {
    let bill: Bill
    /// How the sandbox is asked to have it turn out.
    let scenario: String?
    /// The idempotency key: the same for each time that the request is sent, until the bank has said no.
    var key: String
    let consentID: String
    var accessToken: String?
    /// Once the bank told it.
    var paymentID: String?
    /// What the bank answered instead of a payment.
    var refusal: Refusal?

    struct Refusal: Codable, Sendable {
        let status: Int
        let code, text: String
        let requestID: String?

        /// Whether the payment may have been made nevertheless: an answer that was lost, or a request before this one that is still under way.
        var isUnsure: Bool { status >= 500 || code == "idempotency_in_flight" }

        /// For want of an answer that can be read, told as a gateway tells it.
        static let noAnswer = Refusal(status: 502, code: "no_answer", text: "Wekeza’s public address did not answer us properly.", requestID: nil)
    }
}

/// What `POST /v1/payments` takes.
struct PaymentRequest: Encodable {
    let consent_id: String?
    let amount: Amount
    let creditor: Creditor
    let reference: String

    struct Amount: Encodable { let amount, currency: String }
    struct Creditor: Encodable { let name, account: String }

    init(_ bill: Bill, consent: String? = nil) {
        consent_id = consent
        amount = Amount(amount: bill.amount, currency: bill.currency)
        creditor = Creditor(name: bill.creditor, account: bill.account)
        reference = bill.reference
    }
}

/// A payment as the bank tells it.
struct PaymentView: Decodable {
    let id, status, status_code: String
    let timeline: [Step]

    struct Step: Decodable {
        let status, status_code, reason, at: String
        let reason_code: String?
    }

    var isFinal: Bool { status == "settled" || status == "rejected" }

    /// Whether it is worth watching: a page that was left open does not ask the bank all night.
    func isYoung(at now: Timestamp) -> Bool { timeline.first.flatMap { Timestamp(iso8601: $0.at) }.map { now - $0 < .minutes(2) } ?? false }
}

/// `GET /sandbox/v1/scenarios`
struct ScenarioList: Decodable {
    let data: [Scenario]

    struct Scenario: Decodable {
        let name, description: String
    }
}
