import Primitives

/// The accounts of one persona while their life goes on: money moves through the ledger's rules, and everything that was booked is kept.
struct Passbook {
    private let persona: Persona
    private let world: OrganisationID
    private let now: Timestamp
    let ids: [String: AccountID]

    private(set) var states: [AccountID: AccountState] = [:]
    private var identifiers: DerivedIDs
    private var entries: [BookedEntry] = []
    private var waiting: [KeptHold] = []
    private var settled: [KeptHold] = []

    /// Card payments of this many days keep the pending transaction that they were.
    private static let traceableDays: Int64 = 45

    init(_ persona: Persona, in world: OrganisationID, until now: Timestamp) {
        self.persona = persona
        self.world = world
        self.now = now
        ids = Dictionary(
            persona.accounts.map { ($0.key, HistoryGenerator.accountID(persona, account: $0.key, in: world)) }, uniquingKeysWith: { first, _ in first })
        identifiers = DerivedIDs("\(world)/\(persona.key)/transactions")
    }

    func account(_ id: AccountID) -> PersonaAccount? { persona.accounts.first { ids[$0.key] == id } }

    /// All of it, as it stands now.
    func history(holder: PersonID, today: CivilDate) -> History {
        let accounts = persona.accounts.map { account in
            let id = ids[account.key]!  // made of the same list
            return SeededAccount(
                new: account.opened(as: id, by: AccountHolder(person: holder, name: persona.name), in: world, today: today), state: states[id]!)
        }
        return History(accounts: accounts, entries: entries, holds: settled + waiting)
    }

    // MARK: - Accounts

    /// Everything begins with what was there before, or with a deposit placed later.
    mutating func open(_ account: PersonaAccount, from start: CivilDate, today: CivilDate) throws(LedgerRefusal) {
        let id = ids[account.key]!  // made of the same list
        let opened = account.openedOn(today: today)
        let units = account.currency.units
        states[id] = AccountState(currency: account.currency, overdraftLimit: account.overdraft * units)
        let isOver = account.ended(today: today).map { $0 < start } ?? false
        if isOver { states[id]?.status = account.status }
        // What was closed before the history begins has been paid out before.
        guard account.opening > 0, !(isOver && account.status == .closed) else { return }
        let isBefore = opened < start
        try book(
            .opening, account.opening * units, id, against: .clearing,
            Narrative(isBefore ? "Balance brought forward" : "Deposit placed", category: .other, channel: .bank),
            isBefore ? start.start - HistoryGenerator.zone : min(opened.start + .hours(6), now))
    }

    /// Ends accounts overnight, when their day begins, and pays them out.
    mutating func closeAccounts(on day: CivilDate, today: CivilDate) throws(LedgerRefusal) {
        for account in persona.accounts {
            guard let id = ids[account.key], account.ended(today: today) == day else { continue }
            let midnight = day.start - HistoryGenerator.zone
            try settle(until: midnight)
            if case .closed(_, let other) = account.fate, let target = ids[other], let to = self.account(target), let state = states[id], state.booked > 0 {
                let amount = Money(minorUnits: state.booked, currency: state.currency)
                let out = Money(minorUnits: -state.booked, currency: state.currency)
                let text = "Account closed, balance paid out"
                try post(
                    .transfer, midnight,
                    [
                        Posting(
                            id: identifiers.next(), account: id, amount: out,
                            narrative: Narrative(
                                text, counterparty: Counterparty(name: to.name, account: to.number), category: .transfer, channel: .branch)),
                        Posting(
                            id: identifiers.next(), account: target, amount: amount,
                            narrative: Narrative(
                                text, counterparty: Counterparty(name: account.name, account: account.number), category: .transfer, channel: .branch)),
                    ])
            }
            states[id]?.status = account.status
        }
    }

    // MARK: - Money

    /// A card payment waits two working days before it is booked; everything else is booked at once.
    mutating func pay(
        _ amount: Int64, _ id: AccountID, _ payee: Payee, _ habit: Habit, _ at: Timestamp, _ day: CivilDate
    ) throws(LedgerRefusal) {
        let text = habit.narrative(on: day, Counterparty(name: payee.name, account: payee.account))
        guard habit.channel == .card else { return try book(.transfer, amount, id, against: .clearing, text, at) }
        guard var state = states[id] else { return }
        let hold = Hold(
            id: identifiers.next(), account: id, amount: Money(minorUnits: amount, currency: state.currency), madeAt: at,
            settlesAt: day.workingDay(after: 2).start + .hours(5) - HistoryGenerator.zone, narrative: text)
        let sequence = try Ledger.hold(hold, on: &state)
        states[id] = state
        waiting.append(KeptHold(hold: hold, state: .pending, endedAt: nil, sequence: sequence))
    }

    mutating func move(
        _ amount: Int64, from id: AccountID, to key: String, _ habit: Habit, _ at: Timestamp, _ day: CivilDate
    ) throws(LedgerRefusal) {
        guard let other = ids[key], let from = account(id), let to = account(other), let currency = states[id]?.currency else { return }
        let here = habit.narrative(on: day, Counterparty(name: to.name, account: to.number))
        let there = habit.narrative(on: day, Counterparty(name: from.name, account: from.number))
        try post(
            .transfer, at,
            [
                Posting(id: identifiers.next(), account: id, amount: Money(minorUnits: -amount, currency: currency), narrative: here),
                Posting(id: identifiers.next(), account: other, amount: Money(minorUnits: amount, currency: currency), narrative: there),
            ])
    }

    mutating func exchange(
        _ amount: Int64, from id: AccountID, to key: String, _ habit: Habit, _ at: Timestamp, _ day: CivilDate
    ) throws(LedgerRefusal) {
        guard let other = ids[key], let from = account(id), let to = account(other), let sold = states[id]?.currency,
            let bought = states[other]?.currency
        else { return }
        let received = amount * 100 / day.shillingsPerDollar
        guard received > 0 else { return }
        let here = habit.narrative(on: day, Counterparty(name: to.name, account: to.number))
        let there = habit.narrative(on: day, Counterparty(name: from.name, account: from.number))
        func posting(_ account: AccountID, _ units: Int64, _ currency: Currency, _ text: Narrative) -> Posting {
            Posting(id: identifiers.next(), account: account, amount: Money(minorUnits: units, currency: currency), narrative: text)
        }
        try post(
            .exchange, at,
            [
                posting(id, -amount, sold, here), posting(InternalAccount.exchange.id(sold, in: world), amount, sold, here),
                posting(InternalAccount.exchange.id(bought, in: world), -received, bought, there), posting(other, received, bought, there),
            ])
    }

    mutating func book(
        _ kind: EntryKind, _ amount: Int64, _ id: AccountID, against: InternalAccount, _ text: Narrative, _ at: Timestamp
    ) throws(LedgerRefusal) {
        guard let currency = states[id]?.currency else { return }
        try post(
            kind, at,
            [
                Posting(id: identifiers.next(), account: id, amount: Money(minorUnits: amount, currency: currency), narrative: text),
                Posting(
                    id: identifiers.next(), account: against.id(currency, in: world), amount: Money(minorUnits: -amount, currency: currency),
                    narrative: text),
            ])
    }

    private mutating func post(_ kind: EntryKind, _ at: Timestamp, _ postings: [Posting]) throws(LedgerRefusal) {
        let entry = try JournalEntry(id: identifiers.next(), world: world, kind: kind, bookedAt: at, postings: postings)
        var involved = involved(entry)
        let booked = try Ledger.post(entry, on: &involved)
        states.merge(involved.filter { !$0.value.isBank }) { $1 }
        entries.append(BookedEntry(entry: entry, booked: booked))
    }

    /// Books the card payments whose day has come. They wait in the order in which they were made, which is that of their days.
    mutating func settle(until moment: Timestamp) throws(LedgerRefusal) {
        while let first = waiting.first, first.hold.settlesAt <= min(moment, now) {
            waiting.removeFirst()
            let entry = try JournalEntry(
                settling: first.hold, in: world, at: first.hold.settlesAt, id: identifiers.next(), ids: (identifiers.next(), identifiers.next()))
            var involved = involved(entry)
            let booked = try Ledger.settle(first.hold, with: entry, on: &involved)
            states.merge(involved.filter { !$0.value.isBank }) { $1 }
            let isTraceable = first.hold.madeAt > now - .days(Self.traceableDays)
            if isTraceable {
                settled.append(KeptHold(hold: first.hold, state: .settled, endedAt: entry.bookedAt, sequence: first.sequence))
            }
            entries.append(BookedEntry(entry: entry, booked: isTraceable ? booked : booked.map(\.untraced)))
        }
    }

    private func involved(_ entry: JournalEntry) -> [AccountID: AccountState] {
        var involved: [AccountID: AccountState] = [:]
        for posting in entry.postings { involved[posting.account] = states[posting.account] ?? .bank(posting.amount.currency) }
        return involved
    }
}

extension BookedPosting {
    /// Without the link to the pending transaction, which is no longer kept.
    fileprivate var untraced: BookedPosting {
        BookedPosting(
            posting: Posting(id: posting.id, account: posting.account, amount: posting.amount, narrative: posting.narrative), sequence: sequence,
            balanceAfter: balanceAfter)
    }
}
