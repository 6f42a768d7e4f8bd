import Bank
public import OpenBanking
import Primitives

extension PaymentScenario {
    /// The table: the documentation's page, `GET /sandbox/v1/scenarios`, the tests and what the sandbox's bank does are made from it.
    public static let all: [PaymentScenario] = [
        // It is made.
        PaymentScenario(
            "settled", amount: 4001, "Nothing is wrong: the payment is accepted and settled after 5 seconds, however many were made before it.",
            promises: .payment([.received, .accepted, .settled], .booked), by: .settled(after: PaymentBooks.settlement)),
        PaymentScenario(
            "slow_settlement", amount: 4002, "The other bank takes its time: settled 30 seconds after it was accepted.",
            promises: .payment([.received, .accepted, .settled], .booked), by: .settled(after: .seconds(30))),

        // It is accepted, and comes back.
        PaymentScenario(
            "returned_account_closed", amount: 4003, "Accepted, and 5 seconds later sent back: the creditor has closed the account. The money is free again.",
            promises: .payment([.received, .accepted, .rejected], .accountClosed), by: .sentBack(after: PaymentBooks.settlement, because: .accountClosed)),
        PaymentScenario(
            "returned_account_unknown", amount: 4004,
            "Accepted, and 5 seconds later sent back: the creditor’s bank has no such account. The money is free again.",
            promises: .payment([.received, .accepted, .rejected], .creditorRefused), by: .sentBack(after: PaymentBooks.settlement, because: .creditorRefused)),

        // The bank does not take it.
        PaymentScenario(
            "insufficient_funds", amount: 4011, "There is not enough on the customer’s account. Nothing moves, and the consent can be used again.",
            promises: .refusal(422, "insufficient_funds"), by: .refused(.insufficientFunds(available: Money(minorUnits: 0, currency: .kes)))),
        PaymentScenario(
            "debtor_account_blocked", amount: 4012, "The bank has stopped the customer’s account. Nothing moves.",
            promises: .refusal(403, "debtor_account_blocked"), by: .refused(.debtorAccountBlocked(.frozen))),
        PaymentScenario(
            "creditor_account_closed", amount: 4013, "The creditor’s account is closed, and the bank knows it before it pays. Nothing moves.",
            promises: .refusal(422, "creditor_account_refused"), by: .refused(.creditorAccountClosed)),
        PaymentScenario(
            "limit_exceeded", amount: 4014, "The payment is more than the customer allows at once. Nothing moves, and the consent can be used again.",
            promises: .refusal(422, "limit_exceeded"), by: .refused(.aboveMaximum(Money(minorUnits: 100, currency: .kes)))),

        // The risk rules doubt.
        PaymentScenario(
            "held", amount: 4021, "The risk rules are in doubt, and the payment is held until a member of the bank’s staff decides. Here nobody does.",
            promises: .payment([.received, .held], .underReview), by: .judged(.doubtful)),
        PaymentScenario(
            "held_then_released", amount: 4022, "Held, and 10 seconds later released by the bank; settled 5 seconds after that.",
            promises: .payment([.received, .held, .accepted, .settled], .booked), by: .judged(.doubtful, then: Look(after: .seconds(10), releases: true))),
        PaymentScenario(
            "held_then_rejected", amount: 4023, "Held, and 10 seconds later rejected by the bank. The money is free again.",
            promises: .payment([.received, .held, .rejected], .rejectedByBank), by: .judged(.doubtful, then: Look(after: .seconds(10), releases: false))),
        PaymentScenario(
            "risk_timeout", amount: 4024, "The risk decision does not come in time: the payment is held, because nothing is allowed by silence.",
            promises: .payment([.received, .held], .underReview), by: .unreadable),
        PaymentScenario(
            "declined_by_risk", amount: 4025, "The risk rules say no: the payment is rejected at once. The money is free again.",
            promises: .payment([.received, .rejected], .declinedByRisk), by: .judged(.alarming)),
        PaymentScenario(
            "blocked", amount: 4026, "The risk rules see fraud: the payment is stopped with its money set aside, and only the bank’s staff can move it.",
            promises: .payment([.received, .blocked], .blockedByRisk), by: .judged(.fraudulent)),

        // The app gets no answer of use.
        PaymentScenario(
            "bank_unavailable", amount: 4031, "The bank is busy. Nothing was done; send the request again after the seconds in Retry-After.",
            promises: .refusal(503, "temporarily_unavailable"), by: .unanswered(.unavailable, isMade: false)),
        PaymentScenario(
            "bank_timeout", amount: 4032,
            "The bank does not answer in time, and nothing was done. You cannot know that: send the request again with the same key.",
            promises: .refusal(502, "upstream_failed"), by: .unanswered(.timeout, isMade: false)),
        PaymentScenario(
            "answer_lost", amount: 4033,
            "The payment is made, and its answer is lost on the way. Send the request again with the same key: you get the payment, and it is paid once.",
            promises: .lostAnswer(502, "upstream_failed", [.received, .accepted, .settled], .booked), by: .unanswered(.timeout, isMade: true)),
        PaymentScenario(
            "internal_error", amount: 4034, "Something breaks on our side. Nothing was done; send the request again with the same key.",
            promises: .refusal(500, "internal_error"), by: .unanswered(.ours, isMade: false)),
    ]

    public static func named(_ name: String) -> PaymentScenario? { byName[name] }

    /// What the payment itself calls up: its creditor's account, or else its amount.
    public static func calledUp(by instruction: PaymentInstruction) -> PaymentScenario? {
        byAccount[instruction.creditor.account] ?? byAmount[instruction.amount.minorUnits]
    }

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
    private static let byAccount = Dictionary(all.map { ($0.creditorAccount, $0) }) { first, _ in first }
    private static let byAmount = Dictionary(all.map { ($0.amount, $0) }) { first, _ in first }
}

extension PaymentScenario.Signals {
    /// 55 points.
    fileprivate static let doubtful = Self(knowsCreditor: false, paymentsLastHour: 10, hour: 2)
    /// 95 points.
    fileprivate static let alarming = Self(paymentsLastHour: 50)
    /// 105 points.
    fileprivate static let fraudulent = Self(paymentsLastHour: 50, hour: 2)
}
