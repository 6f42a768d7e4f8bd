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

    @Test func `what was not decided in time is looked at, never allowed`() {
        #expect(RiskDecision.timedOut.outcome == .review)
    }
}
