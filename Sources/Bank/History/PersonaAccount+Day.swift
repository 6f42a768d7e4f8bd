import Primitives

extension PersonaAccount {
    func openedOn(today: CivilDate) -> CivilDate {
        if case .locked(let month, let day) = fate { return today.latest(month: month, day: day) }
        return CivilDate(year: today.year - opened.yearsAgo, month: opened.month, day: opened.day) ?? today
    }

    /// The day from which the account is not open any more.
    func ended(today: CivilDate) -> CivilDate? {
        switch fate {
        case .open: nil
        case .locked: openedOn(today: today)
        case .frozen(let daysAgo, _), .closed(let daysAgo, _): today.adding(days: -daysAgo)
        }
    }

    var status: AccountStatus {
        switch fate {
        case .open: .open
        case .locked: .locked
        case .frozen: .frozen
        case .closed: .closed
        }
    }

    /// The account as it is kept.
    func opened(as id: AccountID, by holder: AccountHolder, in world: OrganisationID, today: CivilDate) -> NewAccount {
        let opened = openedOn(today: today)
        var new = NewAccount(
            id: id, world: world, holders: [holder] + (jointHolder.map { [AccountHolder(person: nil, name: $0)] } ?? []),
            name: name, product: product, kind: kind, currency: currency, number: number,
            openedAt: opened.start, overdraftLimit: overdraft * currency.units)
        new.interestBasisPoints = interestBasisPoints
        new.status = status
        switch fate {
        case .open: break
        case .locked(let month, let day):
            let matures = CivilDate(year: opened.year + 1, month: month, day: day) ?? opened.adding(days: 365)
            new.maturesAt = matures.start
            new.statusReason = "it is locked until \(matures.words)"
        case .frozen(_, let reason): new.statusReason = reason
        case .closed: new.statusReason = ended(today: today).map { "it was closed on \($0.words)" }
        }
        if let end = ended(today: today) { new.statusChangedAt = end.start }
        return new
    }
}
