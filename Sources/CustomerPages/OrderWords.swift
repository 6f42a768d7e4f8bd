internal import OpenBanking
internal import Pages
internal import Primitives

/// What an app may pay, in the customer's words.
struct OrderWords: Encodable {
    struct Fact: Encodable {
        let name, value: String
        var isAmount = false
    }

    let facts: [Fact]
    /// The rest of `Budget asks to …`.
    let request: String
    /// For a list: `KES 1,250.00 to Kenya Power`.
    let allowance: String
    /// What we hold the app to, before `if it sends anything else, we refuse it`.
    let promise: String
    /// Before the day on which the approval ends, and after it.
    let ending, endingRest: String
    let items: [ConsentWords.Item]

    /// - Parameter lodgedAt: when its consent was lodged: from then on limits count that do not begin later.
    init(_ order: PaymentOrder, lodgedAt: Timestamp) {
        switch order {
        case .single(let instruction, let executionDate): self.init(PaymentWords(instruction), on: executionDate)
        case .recurring(let terms): self.init(terms, lodgedAt: lodgedAt)
        case .standing(let instruction, let plan): self.init(PaymentWords(instruction), plan)
        case .bulk(let bulk): self.init(bulk)
        }
    }

    private init(_ payment: PaymentWords, on day: CivilDate?) {
        facts = payment.facts + (day.map { [Fact(name: "On", value: $0.words)] } ?? [])
        request = "pay \(payment.amount)"
        allowance = day.map { "\(payment.sentence), on \($0.words)" } ?? payment.sentence
        promise = "Once, and exactly this:"
        ending = day == nil ? "If it is not paid by" : "If it is not ordered by"
        endingRest = ", your approval ends."
        items = [
            ConsentWords.Item(
                title: "\(payment.sentence), \(day.map { "on \($0.words)" } ?? "once")", detail: payment.addressee)
        ]
    }

    private init(_ payment: PaymentWords, _ plan: StandingOrderPlan) {
        facts =
            payment.facts + [
                Fact(name: "How often", value: plan.frequency.words), Fact(name: "First on", value: plan.firstDate.words),
                Fact(name: "Last on or before", value: plan.lastDate?.words ?? "No end: until you or the app cancel it"),
            ]
        request = "pay \(payment.amount) \(plan.frequency.words.lowercased())"
        allowance = "\(payment.sentence), \(plan.frequency.words.lowercased())"
        promise = "On these days, and exactly this:"
        ending = "If it is not ordered by"
        endingRest = ", your approval ends. You can cancel it at any time on your payments page."
        items = [
            ConsentWords.Item(
                title: "\(payment.sentence), \(plan.frequency.words.lowercased()) from \(plan.firstDate.words)",
                detail: payment.addressee)
        ]
    }

    private init(_ bulk: BulkOrder) {
        let payments = bulk.count.of("payment")
        facts = [Fact(name: "In all", value: bulk.total.text, isAmount: true), Fact(name: "Payments", value: payments, isAmount: true)]
        request = "make \(payments) of \(bulk.total.text) in all"
        allowance = "\(payments), \(bulk.total.text) in all"
        promise = "Once, and exactly these, from the file that the app sent us:"
        ending = "If they are not made by"
        endingRest = ", your approval ends."
        items = [ConsentWords.Item(title: "\(payments), once, \(bulk.total.text) in all", detail: "The payments of one file")]
    }

    private init(_ terms: RecurringTerms, lodgedAt: Timestamp) {
        let begin = terms.validFrom ?? lodgedAt
        let creditor = terms.creditor?.name ?? "your other accounts"
        var facts = [Fact(name: "To", value: terms.creditor?.name ?? "Other accounts of yours, and nobody else")]
        if let creditor = terms.creditor { facts.append(Fact(name: "Their account", value: creditor.account)) }
        facts.append(Fact(name: "Each time at most", value: terms.maximum.text, isAmount: true))
        for limit in terms.limits {
            facts.append(Fact(name: limit.words, value: "at most \(limit.amount.text)", isAmount: true))
            if let first = limit.cut(from: begin) {
                facts.append(Fact(name: "In the first one, before \(first.end)", value: "at most \(first.amount)", isAmount: true))
            }
        }
        if let from = terms.validFrom { facts.append(Fact(name: "Not before", value: from.day)) }
        self.facts = facts
        request = "pay \(creditor) again and again"
        allowance = "At most \(terms.maximum.text) each time to \(creditor)"
        promise = "As often as it likes within these limits, without asking you again:"
        ending = "It ends on"
        endingRest = ", and you can stop it at any time on your connections page."
        items =
            [ConsentWords.Item(title: "Payments to \(creditor), at most \(terms.maximum.text) each", detail: terms.creditor.map { "Account \($0.account)" })]
            + terms.limits.map { ConsentWords.Item(title: "\($0.words) at most \($0.amount.text)", detail: $0.beginning(from: begin)) }
    }
}

extension PaymentWords {
    fileprivate var facts: [OrderWords.Fact] {
        [
            OrderWords.Fact(name: "Amount", value: amount, isAmount: true), OrderWords.Fact(name: "To", value: creditor),
            OrderWords.Fact(name: "Their account", value: account), OrderWords.Fact(name: "Reference", value: reference),
        ]
    }

    fileprivate var addressee: String { "Account \(account), reference \(reference)" }
}

extension PeriodicLimit {
    /// `In a calendar month`
    var words: String {
        switch (period, alignment) {
        case (.day, _): "In a day"
        case (.week, .calendar): "In a week from Monday"
        case (.week, .consent): "In a week"
        case (.fortnight, _): "In two weeks"
        case (.month, .calendar): "In a calendar month"
        case (.month, .consent): "In a month"
        case (.halfYear, .calendar): "In half a calendar year"
        case (.halfYear, .consent): "In half a year"
        case (.year, .calendar): "In a calendar year"
        case (.year, .consent): "In a year"
        }
    }

    fileprivate func beginning(from begin: Timestamp) -> String? {
        guard alignment == .calendar else { return "Counted from the day it began" }
        return cut(from: begin).map { "In the first one, before \($0.end), at most \($0.amount)" }
    }

    /// The first period where the calendar cuts it short, and its share.
    fileprivate func cut(from begin: Timestamp) -> (end: String, amount: String)? {
        let first = window(at: begin, from: begin)
        return first.amount == amount ? nil : (BankCalendar.day(of: first.until).words, first.amount.text)
    }
}

extension StandingOrderFrequency {
    var words: String {
        switch self {
        case .daily: "Every day"
        case .weekly: "Every week"
        case .monthly: "Every month"
        case .quarterly: "Every three months"
        case .yearly: "Every year"
        }
    }
}

extension CivilDate {
    /// `21 November 2026`
    var words: String { start.day }
}
