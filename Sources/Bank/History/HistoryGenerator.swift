package import Primitives

/// Lives a persona's life day by day, from years ago until now, through the ledger's rules: what the money does not allow does not happen.
///
/// The same seed, world and moment give the same history, byte for byte; another world has other ids and the same life.
package struct HistoryGenerator {
    private let persona: Persona
    private let world: OrganisationID
    private let now: Timestamp
    private let start: CivilDate
    private let seeds: [UInt64]
    private let ids: [String: AccountID]

    private var states: [AccountID: AccountState] = [:]
    private var identifiers: DerivedIDs
    private var entries: [BookedEntry] = []
    private var waiting: [KeptHold] = []
    private var settled: [KeptHold] = []

    /// Kenya is three hours ahead of UTC, all year.
    private static let zone = Duration.hours(3)
    /// Card payments of this many days keep the pending transaction that they were.
    private static let traceableDays: Int64 = 45

    /// - Parameter years: how far back at most; `nil` as far as the persona's data says.
    package static func history(
        of persona: Persona, holder: PersonID, world: OrganisationID, seed: UInt64 = 1, years: Int? = nil, until now: Timestamp
    ) throws(LedgerRefusal) -> History {
        var generator = HistoryGenerator(persona, world, seed, years, now)
        return try generator.live(as: holder)
    }

    /// The id of a persona's account in a world.
    package static func accountID(_ persona: Persona, account key: String, in world: OrganisationID) -> AccountID {
        AccountID(trusted: AccountID.prefix + DerivedIDs.text("\(world)/\(persona.key)/account/\(key)"))
    }

    private init(_ persona: Persona, _ world: OrganisationID, _ seed: UInt64, _ years: Int?, _ now: Timestamp) {
        self.persona = persona
        self.world = world
        self.now = now
        let length = max(0, min(years ?? persona.years, persona.years))
        start = (now + Self.zone).date.adding(days: -365 * length - length / 4)
        seeds = persona.habits.map { habit in
            var generator = SeededGenerator(bytes: sha256(Array("\(seed)/\(persona.key)/\(habit.name)".utf8)))
            return generator.next()
        }
        ids = Dictionary(
            persona.accounts.map { ($0.key, Self.accountID(persona, account: $0.key, in: world)) }, uniquingKeysWith: { first, _ in first })
        identifiers = DerivedIDs("\(world)/\(persona.key)/transactions")
    }

    private mutating func live(as holder: PersonID) throws(LedgerRefusal) -> History {
        let today = (now + Self.zone).date
        for account in persona.accounts { try open(account, on: today) }
        var day = start
        while day <= today {
            try closeAccounts(on: day, today: today)
            for event in events(on: day) {
                try settle(until: event.at)
                guard event.at <= now else { break }
                try happen(event, on: day)
            }
            day = day.adding(days: 1)
        }
        try settle(until: now)
        let accounts = persona.accounts.map { account in
            SeededAccount(new: newAccount(account, holder: holder, today: today), state: states[ids[account.key]!]!)  // made of the same list
        }
        return History(accounts: accounts, entries: entries, holds: settled + waiting)
    }

    // MARK: - Days

    private struct Event {
        let at: Timestamp
        let habit: Int
        var chance: SeededGenerator
    }

    /// What falls on a day, in order of time; habits of one second in the order of the data.
    private func events(on day: CivilDate) -> [Event] {
        var events: [Event] = []
        let isAway = persona.away?.contains(day) ?? false
        for (index, habit) in persona.habits.enumerated() where habit.place.allows(isAway: isAway) {
            var chance = SeededGenerator(seed: mixedSeed(seeds[index], UInt64(bitPattern: day.daysSinceEpoch)))
            for _ in 0..<habit.rhythm.count(on: day, season: habit.season, &chance) {
                let second = habit.hours.pick(&chance)
                events.append(
                    Event(
                        at: day.start + .seconds(second) - Self.zone, habit: index,
                        chance: SeededGenerator(seed: mixedSeed(chance.next()))))
            }
        }
        return events.sorted { ($0.at, $0.habit) < ($1.at, $1.habit) }
    }

    private mutating func happen(_ event: Event, on day: CivilDate) throws(LedgerRefusal) {
        let habit = persona.habits[event.habit]
        guard let id = ids[habit.account], let state = states[id], let account = account(id) else { return }
        var chance = event.chance
        let amount = habit.amount(on: day, today: (now + Self.zone).date, state: state, interestBasisPoints: account.interestBasisPoints, &chance)
        guard amount > 0, isAffordable(amount, habit, state) else { return }
        switch habit.flow {
        case .pays(let payees):
            guard let payee = chance.pick(payees) else { return }
            try pay(-amount, id, payee, habit, event.at, day)
        case .receives(let payees):
            guard let payee = chance.pick(payees) else { return }
            try pay(amount, id, payee, habit, event.at, day)
        case .moves(let key): try move(amount, from: id, to: key, habit, event.at, day)
        case .exchanges(let key): try exchange(amount, from: id, to: key, habit, event.at, day)
        case .withdrawsCash: try book(.cash, -amount, id, against: .cash, narrative(habit, day, nil), event.at)
        case .paysFee: try book(.fee, -amount, id, against: .fees, narrative(habit, day, nil), event.at)
        case .earnsInterest: try book(.interest, amount, id, against: .interest, narrative(habit, day, nil), event.at)
        }
    }

    /// Nobody pays what would leave less than the habit wants to see left; and the ledger would not let them go below the limit.
    private func isAffordable(_ amount: Int64, _ habit: Habit, _ state: AccountState) -> Bool {
        switch habit.flow {
        case .receives, .earnsInterest: state.status.allowsCredits
        default: state.status.allowsDebits && state.booked - state.held - amount >= habit.leaves * state.currency.units
        }
    }

    // MARK: - Money

    /// A card payment waits two working days before it is booked; everything else is booked at once.
    private mutating func pay(
        _ amount: Int64, _ id: AccountID, _ payee: Payee, _ habit: Habit, _ at: Timestamp, _ day: CivilDate
    ) throws(LedgerRefusal) {
        let text = narrative(habit, day, Counterparty(name: payee.name, account: payee.account))
        guard habit.channel == .card else { return try book(.transfer, amount, id, against: .clearing, text, at) }
        guard var state = states[id] else { return }
        let hold = Hold(
            id: identifiers.next(), account: id, amount: Money(minorUnits: amount, currency: state.currency), madeAt: at,
            settlesAt: day.workingDay(after: 2).start + .hours(5) - Self.zone, narrative: text)
        let sequence = try Ledger.hold(hold, on: &state)
        states[id] = state
        waiting.append(KeptHold(hold: hold, state: .pending, endedAt: nil, sequence: sequence))
    }

    private mutating func move(
        _ amount: Int64, from id: AccountID, to key: String, _ habit: Habit, _ at: Timestamp, _ day: CivilDate
    ) throws(LedgerRefusal) {
        guard let other = ids[key], let from = account(id), let to = account(other), let currency = states[id]?.currency else { return }
        let here = narrative(habit, day, Counterparty(name: to.name, account: to.number))
        let there = narrative(habit, day, Counterparty(name: from.name, account: from.number))
        try post(
            .transfer, at,
            [
                Posting(id: identifiers.next(), account: id, amount: Money(minorUnits: -amount, currency: currency), narrative: here),
                Posting(id: identifiers.next(), account: other, amount: Money(minorUnits: amount, currency: currency), narrative: there),
            ])
    }

    private mutating func exchange(
        _ amount: Int64, from id: AccountID, to key: String, _ habit: Habit, _ at: Timestamp, _ day: CivilDate
    ) throws(LedgerRefusal) {
        guard let other = ids[key], let from = account(id), let to = account(other), let sold = states[id]?.currency,
            let bought = states[other]?.currency
        else { return }
        let received = amount * 100 / day.shillingsPerDollar
        guard received > 0 else { return }
        let here = narrative(habit, day, Counterparty(name: to.name, account: to.number))
        let there = narrative(habit, day, Counterparty(name: from.name, account: from.number))
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

    private mutating func book(
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
    private mutating func settle(until moment: Timestamp) throws(LedgerRefusal) {
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

    // MARK: - Accounts

    /// Everything begins with what was there before, or with a deposit placed later.
    private mutating func open(_ account: PersonaAccount, on today: CivilDate) throws(LedgerRefusal) {
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
            isBefore ? start.start - Self.zone : min(opened.start + .hours(6), now))
    }

    /// Ends accounts overnight, when their day begins, and pays them out.
    private mutating func closeAccounts(on day: CivilDate, today: CivilDate) throws(LedgerRefusal) {
        for account in persona.accounts {
            guard let id = ids[account.key], account.ended(today: today) == day else { continue }
            let midnight = day.start - Self.zone
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

    private func account(_ id: AccountID) -> PersonaAccount? { persona.accounts.first { ids[$0.key] == id } }

    private func newAccount(_ account: PersonaAccount, holder: PersonID, today: CivilDate) -> NewAccount {
        let opened = account.openedOn(today: today)
        var new = NewAccount(
            id: ids[account.key]!,  // made of the same list
            world: world, holders: [AccountHolder(person: holder, name: persona.name)] + (account.jointHolder.map { [AccountHolder(person: nil, name: $0)] } ?? []),
            name: account.name, product: account.product, kind: account.kind, currency: account.currency, number: account.number,
            openedAt: opened.start, overdraftLimit: account.overdraft * account.currency.units)
        new.interestBasisPoints = account.interestBasisPoints
        new.status = account.status
        switch account.fate {
        case .open: break
        case .locked(let month, let day):
            let matures = CivilDate(year: opened.year + 1, month: month, day: day) ?? opened.adding(days: 365)
            new.maturesAt = matures.start
            new.statusReason = "it is locked until \(matures.words)"
        case .frozen(_, let reason): new.statusReason = reason
        case .closed: new.statusReason = account.ended(today: today).map { "it was closed on \($0.words)" }
        }
        if let end = account.ended(today: today) { new.statusChangedAt = end.start }
        return new
    }

    private func narrative(_ habit: Habit, _ day: CivilDate, _ counterparty: Counterparty?) -> Narrative {
        var description = habit.description
        if description.contains("{") {
            description = description.replacing("{month}", with: day.monthName).replacing("{year}", with: "\(day.year)")
        }
        return Narrative(description, counterparty: counterparty, category: habit.category, channel: habit.channel)
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
