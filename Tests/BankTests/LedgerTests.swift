import Bank
import Primitives
import Testing

@Suite("The ledger's rules")
struct LedgerTests {
    private func accounts(_ booked: Money = kes(100), overdraft: Int64 = 0, status: AccountStatus = .open) -> [AccountID: AccountState] {
        [
            .everyday: AccountState(currency: .kes, status: status, overdraftLimit: overdraft, booked: booked.minorUnits),
            .savings: AccountState(currency: .kes), .dollars: AccountState(currency: .usd), .clearing: .bank(.kes), .dollarClearing: .bank(.usd),
        ]
    }

    // MARK: entries

    @Test func `an entry needs two postings`() {
        #expect(throws: LedgerRefusal.tooFewPostings) {
            try JournalEntry(id: EntryID(trusted: "ent_1"), world: nairobi, kind: .transfer, bookedAt: noon, postings: [posting("a", .everyday, kes(1))])
        }
    }

    @Test func `an entry sums to zero`() {
        #expect(throws: LedgerRefusal.unbalanced(.kes)) {
            try JournalEntry(
                id: EntryID(trusted: "ent_1"), world: nairobi, kind: .transfer, bookedAt: noon,
                postings: [posting("a", .everyday, kes(-5)), posting("b", .savings, kes(4))])
        }
    }

    @Test func `an entry sums to zero in each currency, not in all together`() {
        #expect(throws: LedgerRefusal.self) {
            try JournalEntry(
                id: EntryID(trusted: "ent_1"), world: nairobi, kind: .exchange, bookedAt: noon,
                postings: [posting("a", .everyday, kes(-5)), posting("b", .dollars, usd(5))])
        }
    }

    @Test func `a posting moves something`() {
        #expect(throws: LedgerRefusal.nothingMoved(.everyday)) {
            try JournalEntry(
                id: EntryID(trusted: "ent_1"), world: nairobi, kind: .transfer, bookedAt: noon,
                postings: [posting("a", .everyday, kes(0)), posting("b", .savings, kes(0))])
        }
    }

    @Test func `a sum beyond 64 bits is refused, not a trap`() {
        let much = Money(minorUnits: .max, currency: .kes)
        #expect(throws: LedgerRefusal.amountTooLarge) {
            try JournalEntry(
                id: EntryID(trusted: "ent_1"), world: nairobi, kind: .transfer, bookedAt: noon,
                postings: [posting("a", .everyday, much), posting("b", .savings, much), posting("c", .clearing, kes(-1))])
        }
    }

    // MARK: post

    @Test func `money moves from one account to another`() throws {
        var states = accounts()
        let entry = try JournalEntry(
            id: EntryID(trusted: "ent_1"), world: nairobi, kind: .transfer, bookedAt: noon,
            postings: [posting("a", .everyday, kes(-30)), posting("b", .savings, kes(30))])

        let booked = try Ledger.post(entry, on: &states)

        #expect(states[.everyday]?.booked == 7_000)
        #expect(states[.savings]?.booked == 3_000)
        #expect(booked.map(\.balanceAfter) == [7_000, 3_000])
        #expect(booked.map(\.sequence) == [1, 1])
    }

    @Test func `all that is there may be spent, and not a cent more`() throws {
        var states = accounts(kes(100), overdraft: 5_000)
        _ = try Ledger.post(entry("1", kes(-150)), on: &states)
        #expect(states[.everyday]?.booked == -5_000)

        let cent = Money(minorUnits: -1, currency: .kes)
        #expect(throws: LedgerRefusal.insufficientFunds(.everyday, available: kes(0))) { try Ledger.post(entry("2", cent), on: &states) }
    }

    @Test func `a refusal changes nothing`() throws {
        var states = accounts()
        let before = states
        #expect(throws: LedgerRefusal.self) { try Ledger.post(entry("1", kes(-101)), on: &states) }
        #expect(states == before)
    }

    @Test func `an account below its limit may gain`() throws {
        var states = accounts(kes(-50))
        _ = try Ledger.post(entry("1", kes(10)), on: &states)
        #expect(states[.everyday]?.booked == -4_000)
    }

    @Test(arguments: [AccountStatus.locked, .frozen]) func `a blocked account takes money in and lets none out`(status: AccountStatus) throws {
        var states = accounts(status: status)
        _ = try Ledger.post(entry("1", kes(10)), on: &states)
        #expect(throws: LedgerRefusal.blocked(.everyday, status)) { try Ledger.post(entry("2", kes(-1)), on: &states) }
        #expect(states[.everyday]?.available == 0)
    }

    @Test func `on a closed account nothing moves`() throws {
        var states = accounts(kes(0), status: .closed)
        #expect(throws: LedgerRefusal.blocked(.everyday, .closed)) { try Ledger.post(entry("1", kes(1)), on: &states) }
    }

    @Test func `an account takes its own currency`() throws {
        var states = accounts()
        let wrong = try JournalEntry(
            id: EntryID(trusted: "ent_1"), world: nairobi, kind: .transfer, bookedAt: noon,
            postings: [posting("a", .everyday, usd(1)), posting("b", .dollarClearing, usd(-1))])
        #expect(throws: LedgerRefusal.wrongCurrency(.everyday)) { try Ledger.post(wrong, on: &states) }
    }

    @Test func `an account that nobody knows is refused`() throws {
        var states: [AccountID: AccountState] = [.clearing: .bank(.kes)]
        #expect(throws: LedgerRefusal.unknownAccount(.everyday)) { try Ledger.post(entry("1", kes(1)), on: &states) }
    }

    @Test func `a balance beyond 64 bits is refused, not a trap`() throws {
        var states = accounts(Money(minorUnits: .max, currency: .kes))
        #expect(throws: LedgerRefusal.amountTooLarge) { try Ledger.post(entry("1", kes(1)), on: &states) }
    }

    @Test func `an exchange balances in both currencies`() throws {
        var states = accounts(kes(130))
        let kesPosition = InternalAccount.exchange.id(.kes, in: nairobi)
        let usdPosition = InternalAccount.exchange.id(.usd, in: nairobi)
        states[kesPosition] = .bank(.kes)
        states[usdPosition] = .bank(.usd)
        let exchange = try JournalEntry(
            id: EntryID(trusted: "ent_1"), world: nairobi, kind: .exchange, bookedAt: noon,
            postings: [
                posting("a", .everyday, kes(-130)), posting("b", kesPosition, kes(130)), posting("c", usdPosition, usd(-1)), posting("d", .dollars, usd(1)),
            ])

        _ = try Ledger.post(exchange, on: &states)

        #expect(states[.everyday]?.booked == 0)
        #expect(states[.dollars]?.booked == 100)
    }

    // MARK: reverse

    @Test func `a reversal puts everything back`() throws {
        var states = accounts()
        let payment = try entry("1", kes(-30))
        _ = try Ledger.post(payment, on: &states)
        let ids = [TransactionID(trusted: "txn_r1"), TransactionID(trusted: "txn_r2")]

        let reversal = try Ledger.reversal(of: payment, id: EntryID(trusted: "ent_r"), ids: ids, at: noon, because: "Sent twice")
        _ = try Ledger.post(reversal, on: &states)

        #expect(states[.everyday]?.booked == 10_000)
        #expect(reversal.reverses == payment.id)
        #expect(reversal.postings.map(\.narrative.description) == ["Sent twice", "Sent twice"])
    }

    // MARK: hold, release, settle

    @Test func `what is held cannot be spent`() throws {
        var states = accounts()
        _ = try Ledger.hold(hold("h", kes(-60)), on: &states[.everyday]!)
        #expect(states[.everyday]?.booked == 10_000)
        #expect(states[.everyday]?.available == 4_000)
        #expect(throws: LedgerRefusal.insufficientFunds(.everyday, available: kes(40))) { try Ledger.post(entry("1", kes(-41)), on: &states) }
    }

    @Test func `no more can be held than is there`() throws {
        var state = AccountState(currency: .kes, booked: 5_000)
        #expect(throws: LedgerRefusal.insufficientFunds(.everyday, available: kes(50))) { try Ledger.hold(hold("h", kes(-51)), on: &state) }
        #expect(state.held == 0)
    }

    @Test func `what is on its way in cannot be spent yet`() throws {
        var state = AccountState(currency: .kes)
        _ = try Ledger.hold(hold("h", kes(500)), on: &state)
        #expect(state.available == 0)
        #expect(state.held == 0)
    }

    @Test(arguments: [AccountStatus.locked, .frozen, .closed]) func `nothing is held on a blocked account`(status: AccountStatus) throws {
        var state = AccountState(currency: .kes, status: status, booked: 5_000)
        #expect(throws: LedgerRefusal.blocked(.everyday, status)) { try Ledger.hold(hold("h", kes(-1)), on: &state) }
    }

    @Test func `a release gives back what was held`() throws {
        var state = AccountState(currency: .kes, booked: 5_000)
        _ = try Ledger.hold(hold("h", kes(-20)), on: &state)
        try Ledger.release(hold("h", kes(-20)), on: &state)
        #expect(state.available == 5_000)
        #expect(throws: LedgerRefusal.self) { try Ledger.release(hold("h", kes(-20)), on: &state) }
    }

    @Test func `a settlement books what was held, also when nothing else is left and the account is frozen`() throws {
        var states = accounts()
        let card = hold("h", kes(-100))
        _ = try Ledger.hold(card, on: &states[.everyday]!)
        states[.everyday]?.status = .frozen

        _ = try Ledger.settle(card, with: entry("1", kes(-100), pending: card.id), on: &states)

        #expect(states[.everyday]?.booked == 0)
        #expect(states[.everyday]?.held == 0)
    }

    @Test func `a settlement for less frees the rest`() throws {
        var states = accounts()
        let card = hold("h", kes(-100))
        _ = try Ledger.hold(card, on: &states[.everyday]!)
        _ = try Ledger.settle(card, with: entry("1", kes(-80), pending: card.id), on: &states)
        #expect(states[.everyday]?.available == 2_000)
    }

    @Test func `a settlement for more, in the other direction or for another hold is refused`() throws {
        var states = accounts(kes(1_000))
        let card = hold("h", kes(-100))
        _ = try Ledger.hold(card, on: &states[.everyday]!)
        let before = states
        #expect(throws: LedgerRefusal.beyondHold(card.id)) { try Ledger.settle(card, with: entry("1", kes(-101), pending: card.id), on: &states) }
        #expect(throws: LedgerRefusal.beyondHold(card.id)) { try Ledger.settle(card, with: entry("2", kes(100), pending: card.id), on: &states) }
        #expect(throws: LedgerRefusal.beyondHold(card.id)) { try Ledger.settle(card, with: entry("3", kes(-100)), on: &states) }
        #expect(states == before)
    }

    @Test(arguments: 1...20) func `whatever happens in whatever order, everything sums to zero and nothing goes below its limit`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var states = accounts(kes(0), overdraft: 2_000)
        var sums: [AccountID: Int64] = [:]
        var holds: [Hold] = []
        for step in 0..<400 {
            let amount = Money(minorUnits: Int64(generator.within(1...9_000)), currency: .kes)
            let out = Money(minorUnits: -amount.minorUnits, currency: .kes)
            var booked: [BookedPosting] = []
            switch generator.below(5) {
            case 0: booked = (try? Ledger.post(entry("\(step)", amount), on: &states)) ?? []
            case 1: booked = (try? Ledger.post(entry("\(step)", out), on: &states)) ?? []
            case 2:
                let new = hold("\(step)", out)
                if (try? Ledger.hold(new, on: &states[.everyday]!)) != nil { holds.append(new) }
            case 3: if let old = holds.popLast() { try Ledger.release(old, on: &states[.everyday]!) }
            default:
                if let old = holds.popLast() { booked = try Ledger.settle(old, with: entry("\(step)", old.amount, pending: old.id), on: &states) }
            }
            for posting in booked { sums[posting.posting.account, default: 0] += posting.posting.amount.minorUnits }
            let state = try #require(states[.everyday])
            #expect(state.booked + 2_000 - state.held >= 0)
            #expect(state.booked == sums[.everyday] ?? 0)
            #expect(state.held == -holds.reduce(0) { $0 + $1.amount.minorUnits })
            #expect(sums.values.reduce(0, +) == 0)
        }
    }
}
