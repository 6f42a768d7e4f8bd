import Primitives
import Risk
import Testing

@Suite("The risk decision")
struct RiskDecisionTests {
    /// A thousand shillings from an account that knows the creditor, at noon.
    private var everyday: RiskInputs {
        RiskInputs(
            amount: Money(minorUnits: 1_000_00, currency: .kes), available: 50_000_00, knowsCreditor: true, largestBefore: 5_000_00, countBefore: 40,
            paymentsLastHour: 0, hour: 12)
    }

    @Test func `an everyday payment is allowed, and no rule applies`() {
        let decision = RiskDecision(on: everyday)

        #expect(decision.outcome == .allow && decision.score == 0 && decision.reasons.isEmpty)
        #expect(decision.version == RiskDecision.currentVersion)
    }

    @Test func `a first small payment to somebody new is allowed`() {
        var inputs = everyday
        inputs.knowsCreditor = false

        let decision = RiskDecision(on: inputs)

        #expect(decision.outcome == .allow && decision.reasons == ["new_creditor"])
    }

    @Test func `nearly everything to somebody new, far beyond what ever left, goes to review`() {
        var inputs = everyday
        inputs.knowsCreditor = false
        inputs.amount = Money(minorUnits: 48_000_00, currency: .kes)

        let decision = RiskDecision(on: inputs)

        #expect(decision.outcome == .review)
        #expect(decision.reasons == ["amount_beyond_history", "new_creditor", "much_to_new_creditor", "drains_account"])
    }

    @Test func `the same at night is declined, and in a flood of payments blocked`() {
        var inputs = everyday
        inputs.knowsCreditor = false
        inputs.amount = Money(minorUnits: 48_000_00, currency: .kes)
        inputs.hour = 3

        #expect(RiskDecision(on: inputs).outcome == .decline)

        inputs.paymentsLastHour = 60

        #expect(RiskDecision(on: inputs).outcome == .block)
    }

    @Test func `a known creditor at night with many payments is allowed below the threshold`() {
        var inputs = everyday
        inputs.hour = 4
        inputs.paymentsLastHour = 12

        let decision = RiskDecision(on: inputs)

        #expect(decision.score == RiskRule.manyPayments.weight + RiskRule.atNight.weight)
        #expect(decision.outcome == .allow)
    }

    @Test func `an account without a history has nothing to go beyond`() {
        var inputs = everyday
        (inputs.countBefore, inputs.largestBefore) = (4, 0)

        #expect(!RiskRule.amountBeyondHistory.applies(to: inputs))
    }

    @Test(arguments: [Int64.min, -1, 0, .max]) func `no amount of money makes a rule trap`(available: Int64) {
        var inputs = everyday
        inputs.available = available
        inputs.amount = Money(minorUnits: .max, currency: .kes)
        inputs.largestBefore = .max

        #expect(RiskDecision(on: inputs).score >= 0)
    }

    @Test func `each rule has words, a weight and a name of its own`() {
        #expect(Set(RiskRule.allCases.map(\.words)).count == RiskRule.allCases.count)
        #expect(RiskRule.allCases.allSatisfy { $0.weight > 0 })
    }

    /// What a decision of this version was made by. Whoever changes a rule, a weight or a threshold gives the rules a new version, and writes it here.
    @Test func `a version stands for its rules`() {
        let rules = RiskRule.allCases.map { "\($0.rawValue) \($0.weight)" } + RiskDecision.thresholds.map { "\($0.outcome) from \($0.from)" }
        #expect(
            [RiskDecision.currentVersion] + rules == [
                "2026-11-26", "amount_beyond_history 30", "new_creditor 10", "much_to_new_creditor 20", "drains_account 15", "many_payments 35",
                "flood_of_payments 60", "at_night 10", "block from 100", "decline from 80", "review from 50",
            ])
    }

    /// Each rule with the last inputs to which it does not apply, and the first to which it does: a thousand shillings is paid, nothing is known.
    @Test func `a version stands for where its rules begin`() {
        func inputs(
            available: Int64 = .max, knows: Bool = true, largest: Int64 = .max, count: Int = 5, payments: Int = 0, hour: Int = 12
        ) -> RiskInputs {
            RiskInputs(
                amount: Money(minorUnits: 1_000_00, currency: .kes), available: available, knowsCreditor: knows, largestBefore: largest, countBefore: count,
                paymentsLastHour: payments, hour: hour)
        }
        let edges: [(rule: RiskRule, not: [RiskInputs], but: [RiskInputs])] = [
            (.amountBeyondHistory, [inputs(largest: 200_01), inputs(largest: 200_00, count: 4)], [inputs(largest: 200_00)]),
            (.newCreditor, [inputs()], [inputs(knows: false)]),
            (
                .muchToNewCreditor, [inputs(available: 2_000_02, knows: false), inputs(available: 2_000_00)],
                [inputs(available: 2_000_01, knows: false)]
            ),
            (.drainsAccount, [inputs(available: 1_111_12)], [inputs(available: 1_111_11)]),
            (.manyPayments, [inputs(payments: 9)], [inputs(payments: 10)]),
            (.floodOfPayments, [inputs(payments: 49)], [inputs(payments: 50)]),
            (.atNight, [inputs(hour: 23), inputs(hour: 5)], [inputs(hour: 0), inputs(hour: 4)]),
        ]

        #expect(edges.map(\.rule) == RiskRule.allCases)
        for edge in edges {
            #expect(edge.not.allSatisfy { !edge.rule.applies(to: $0) }, "\(edge.rule)")
            #expect(edge.but.allSatisfy { edge.rule.applies(to: $0) }, "\(edge.rule)")
        }
    }

    @Test func `what was not decided in time is looked at, never allowed`() {
        #expect(RiskDecision.timedOut.outcome == .review)
    }
}
