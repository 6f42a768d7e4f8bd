public import Primitives

/// Lives a persona's life day by day, from years ago until now, through the ledger's rules: what the money does not allow does not happen.
///
/// The same seed, world and moment give the same history, byte for byte; another world has other ids and the same life.
public struct HistoryGenerator {
    private let persona: Persona
    private let now: Timestamp
    private let start: CivilDate
    private let seeds: [UInt64]
    private var passbook: Passbook

    /// Kenya is three hours ahead of UTC, all year.
    static let zone = Duration.hours(3)

    /// - Parameter years: how far back at most; `nil` as far as the persona's data says.
    public static func history(
        of persona: Persona, holder: PersonID, world: OrganisationID, seed: UInt64 = 1, years: Int? = nil, until now: Timestamp
    ) throws(LedgerRefusal) -> History {
        var generator = HistoryGenerator(persona, world, seed, years, now)
        return try generator.live(as: holder)
    }

    /// The id of a persona's account in a world.
    public static func accountID(_ persona: Persona, account key: String, in world: OrganisationID) -> AccountID {
        AccountID(trusted: AccountID.prefix + DerivedIDs.text("\(world)/\(persona.key)/account/\(key)"))
    }

    private init(_ persona: Persona, _ world: OrganisationID, _ seed: UInt64, _ years: Int?, _ now: Timestamp) {
        self.persona = persona
        self.now = now
        let length = max(0, min(years ?? persona.years, persona.years))
        start = (now + Self.zone).date.adding(days: -365 * length - length / 4)
        seeds = persona.habits.map { habit in
            var generator = SeededGenerator(bytes: sha256(Array("\(seed)/\(persona.key)/\(habit.name)".utf8)))
            return generator.next()
        }
        passbook = Passbook(persona, in: world, until: now)
    }

    private mutating func live(as holder: PersonID) throws(LedgerRefusal) -> History {
        let today = (now + Self.zone).date
        for account in persona.accounts { try passbook.open(account, from: start, today: today) }
        var day = start
        while day <= today {
            try passbook.closeAccounts(on: day, today: today)
            for event in events(on: day) {
                try passbook.settle(until: event.at)
                guard event.at <= now else { break }
                try happen(event, on: day)
            }
            day = day.adding(days: 1)
        }
        try passbook.settle(until: now)
        return passbook.history(holder: holder, today: today)
    }

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
        guard let id = passbook.ids[habit.account], let state = passbook.states[id], let account = passbook.account(id) else { return }
        var chance = event.chance
        let amount = habit.amount(on: day, today: (now + Self.zone).date, state: state, interestBasisPoints: account.interestBasisPoints, &chance)
        guard amount > 0, isAffordable(amount, habit, state) else { return }
        switch habit.flow {
        case .pays(let payees):
            guard let payee = chance.pick(payees) else { return }
            try passbook.pay(-amount, id, payee, habit, event.at, day)
        case .receives(let payees):
            guard let payee = chance.pick(payees) else { return }
            try passbook.pay(amount, id, payee, habit, event.at, day)
        case .moves(let key): try passbook.move(amount, from: id, to: key, habit, event.at, day)
        case .exchanges(let key): try passbook.exchange(amount, from: id, to: key, habit, event.at, day)
        case .withdrawsCash: try passbook.book(.cash, -amount, id, against: .cash, habit.narrative(on: day), event.at)
        case .paysFee: try passbook.book(.fee, -amount, id, against: .fees, habit.narrative(on: day), event.at)
        case .earnsInterest: try passbook.book(.interest, amount, id, against: .interest, habit.narrative(on: day), event.at)
        }
    }

    /// Nobody pays what would leave less than the habit wants to see left; and the ledger would not let them go below the limit.
    private func isAffordable(_ amount: Int64, _ habit: Habit, _ state: AccountState) -> Bool {
        switch habit.flow {
        case .receives, .earnsInterest: state.status.allowsCredits
        default: state.status.allowsDebits && state.booked - state.held - amount >= habit.leaves * state.currency.units
        }
    }
}
