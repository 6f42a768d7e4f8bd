public import Primitives

/// One of the sandbox's customers, as data: who they are, what they hold, and what they do with their money.
public struct Persona: Sendable {
    /// The first part of the sign-in name: `amina`.
    public let key: String
    public let signInName: String
    public let name: String
    public let email: String
    /// E.164.
    public let phone: String
    /// `Frequent traveller`
    public let type: String
    /// What kind of life the history tells, in one sentence.
    public let summary: String
    /// What they are good for testing, as the rest of “Good for testing …”.
    public let goodFor: String
    /// How many years back the history goes.
    public let years: Int
    /// When they are away from home, if they ever are.
    public let away: Cycle?
    public let accounts: [PersonaAccount]
    public let habits: [Habit]

    init(
        key: String, signInName: String, name: String, phone: String, type: String, summary: String, goodFor: String, years: Int = 2,
        away: Cycle? = nil, accounts: [PersonaAccount], habits: [Habit]
    ) {
        self.key = key
        self.signInName = signInName
        self.name = name
        self.email = "\(signInName)@example.test"
        self.phone = phone
        self.type = type
        self.summary = summary
        self.goodFor = goodFor
        self.years = years
        self.away = away
        self.accounts = accounts
        self.habits = habits
    }
}

/// An account of a persona, as data. Amounts are in whole units of its currency.
public struct PersonaAccount: Sendable {
    /// What the account is called in the persona's data, unique there.
    let key: String
    let name: String
    let product: String
    let kind: AccountKind
    let currency: Currency
    let number: String
    /// The year, relative to this one, with month and day.
    let opened: (yearsAgo: Int, month: Int, day: Int)
    /// What is on it when its history begins.
    let opening: Int64
    var overdraft: Int64 = 0
    var interestBasisPoints = 0
    /// Who else holds it.
    var jointHolder: String?
    var fate = Fate.open

    /// What became of the account.
    enum Fate: Sendable {
        case open
        /// A deposit placed on the last of these days in the calendar and locked until the next.
        case locked(month: Int, day: Int)
        case frozen(daysAgo: Int, because: String)
        /// Paid out to another account of the persona and closed.
        case closed(daysAgo: Int, paidTo: String)
    }
}

/// The days of a cycle that repeats for ever: of every `period` days, `length` from `offset` on.
public struct Cycle: Sendable {
    let period: Int64
    let offset: Int64
    let length: Int64

    func contains(_ date: CivilDate) -> Bool {
        let place = (date.daysSinceEpoch - offset) % period
        return (place < 0 ? place + period : place) < length
    }
}

extension Persona {
    /// The id that the customer has in a world; nobody else can have it.
    public func personID(in world: OrganisationID) -> PersonID { PersonID(trusted: PersonID.prefix + DerivedIDs.text("\(world)/\(key)/person")) }

    /// The ids of the persona's accounts in a world, in the order of the data.
    public func accountIDs(in world: OrganisationID) -> [AccountID] {
        accounts.map { HistoryGenerator.accountID(self, account: $0.key, in: world) }
    }
}
