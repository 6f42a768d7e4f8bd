import Primitives

extension Persona {
    /// Amina Hassan, 38, a consultant who is on the road one week in six.
    static let amina = Persona(
        key: "amina", signInName: "amina.traveler", name: "Amina Hassan", phone: "+254700000101", type: "Frequent traveller",
        summary: "A consultant in Nairobi who is away one week in six, saves for it, and spends in two currencies.",
        goodFor: "several accounts in two currencies, one of which cannot be shared", away: trip,
        accounts: [
            PersonaAccount(
                key: "everyday", name: "Everyday account", product: "Wekeza Everyday", kind: .current, currency: .kes, number: "0112045684417",
                opened: (7, 3, 12), opening: 92_340, overdraft: 50_000),
            PersonaAccount(
                key: "travel", name: "Travel savings", product: "Wekeza Goal Saver", kind: .savings, currency: .kes, number: "0112045682093",
                opened: (5, 9, 2), opening: 240_000, interestBasisPoints: 600),
            PersonaAccount(
                key: "dollars", name: "Dollar account", product: "Wekeza Foreign Currency", kind: .current, currency: .usd, number: "0112045689023",
                opened: (4, 2, 20), opening: 1_260),
            PersonaAccount(
                key: "deposit", name: "Fixed deposit", product: "Wekeza Fixed Deposit 12 months", kind: .fixedDeposit, currency: .kes,
                number: "0112045687702", opened: (0, 1, 14), opening: 500_000, interestBasisPoints: 1050, fate: .locked(month: 1, day: 14)),
        ],
        habits: [
            Habit(
                name: "salary", account: "everyday", flow: .receives([Payee("Upeo Consulting Ltd", "01100448210")]), rhythm: .payday(26),
                amount: .exact(285_000), category: .income, channel: .bankTransfer, description: "Salary {month} {year}", hours: .early, rise: 60),
            Habit(
                name: "rent", account: "everyday", flow: .pays([Payee("Kilimani Court Ltd", "01200991145")]), rhythm: .monthly(1),
                amount: .exact(72_000), category: .rent, channel: .standingOrder, description: "Rent {month} {year}", hours: .early, rise: 50),
            Habit(
                name: "saving", account: "everyday", flow: .moves(to: "travel"), rhythm: .monthly(28), amount: .exact(40_000), category: .savings,
                channel: .standingOrder, description: "Monthly saving for travel", hours: .early, leaves: 80_000),
            Habit(
                name: "surplus", account: "everyday", flow: .moves(to: "travel"), rhythm: .dayOfMonth(22), amount: .surplus(above: 70_000),
                category: .savings, channel: .bankTransfer, description: "What was left of {month}", hours: .night),
            Habit(
                name: "market fund", account: "travel", flow: .pays([Payee("Kesho Money Market Fund", "Paybill 600441")]),
                rhythm: .months([2, 5, 8, 11], day: 15), amount: .surplus(above: 310_000), category: .savings, channel: .bankTransfer,
                description: "Investment, money market fund"),
            Habit(
                name: "family", account: "everyday", flow: .pays([Payee("Halima Hassan", "+254 7•• ••• 418")]), rhythm: .dayOfMonth(27), amount: .exact(15_000),
                category: .transfer, channel: .mobileMoney, description: "Mobile money to Halima Hassan", hours: .evening, leaves: 80_000),
            Habit(
                name: "groceries", account: "everyday", flow: .pays(Places.supermarkets), rhythm: .weekly(2.6, .weekend), amount: .about(3_900),
                category: .groceries, channel: .card, description: "Card purchase", hours: .evening, season: .festive, place: .home, leaves: 20_000),
            Habit(
                name: "eating out", account: "everyday", flow: .pays(Places.eating), rhythm: .weekly(4, .all), amount: .about(1_650, to: 1000),
                category: .eatingOut, channel: .card, description: "Card purchase", hours: .lunch, season: .festive, place: .home, leaves: 80_000),
            Habit(
                name: "rides", account: "everyday", flow: .pays(Places.rides), rhythm: .weekly(5, .working), amount: .about(520, to: 1000),
                category: .transport, channel: .mobileMoney, description: "Ride", hours: .commute, place: .home, leaves: 5_000),
            Habit(
                name: "electricity", account: "everyday", flow: .pays(Places.electricity), rhythm: .weekly(0.6), amount: .oneOf([1_500, 2_000, 2_500]),
                category: .utilities, channel: .mobileMoney, description: "Electricity tokens, meter 14 0277 3391", hours: .evening, season: .cold),
            Habit(
                name: "internet", account: "everyday", flow: .pays(Places.internet), rhythm: .monthly(3), amount: .exact(4_999), category: .utilities,
                channel: .directDebit, description: "Home fibre {month}", hours: .early),
            Habit(
                name: "airtime", account: "everyday", flow: .pays(Places.airtime), rhythm: .weekly(0.9), amount: .oneOf([500, 1_000]), category: .phone,
                channel: .mobileMoney, description: "Airtime and data"),
            Habit(
                name: "films", account: "everyday", flow: .pays([Payee("Filamu Stream")]), rhythm: .dayOfMonth(9), amount: .exact(1_100),
                category: .subscriptions, channel: .card, description: "Filamu Stream, monthly", hours: .morning),
            Habit(
                name: "lounge", account: "dollars", flow: .pays([Payee("SkyLounge Pass")]), rhythm: .dayOfMonth(17), amount: .exact(29),
                category: .subscriptions, channel: .card, description: "SkyLounge Pass, monthly", hours: .morning),
            Habit(
                name: "travel insurance", account: "everyday", flow: .pays([Payee("Ngao Insurance", "Paybill 551100")]), rhythm: .months([2], day: 11),
                amount: .exact(38_500), category: .insurance, channel: .bankTransfer, description: "Travel and medical cover {year}", leaves: 20_000),
            Habit(
                name: "flights", account: "travel", flow: .pays([Payee("SafiriAir"), Payee("Jambo Airways"), Payee("Coastline Air")]),
                rhythm: .cycle(Cycle(period: 42, offset: -12, length: 1)), amount: .about(52_000), category: .travel, channel: .card,
                description: "Flight booking", hours: .night, season: .holidays),
            Habit(
                name: "top up", account: "travel", flow: .exchanges(to: "dollars"), rhythm: .cycle(Cycle(period: 42, offset: -3, length: 1)),
                amount: .oneOf([55_000, 65_000, 80_000]), category: .exchange, channel: .bankTransfer, description: "Dollars bought for a trip", hours: .day),
            Habit(
                name: "hotels", account: "dollars", flow: .pays([Payee("Kigali Heights Hotel"), Payee("Marina Residence Dubai"), Payee("Entebbe Lake Lodge")]),
                rhythm: .weekly(2.4), amount: .about(118, to: 1), category: .travel, channel: .card, description: "Hotel", hours: .morning, place: .away),
            Habit(
                name: "abroad", account: "dollars", flow: .pays([Payee("Airport Taxi"), Payee("Cafe Aroma"), Payee("Souk Market"), Payee("Metro Card")]),
                rhythm: .weekly(15), amount: .about(16, to: 1), category: .travel, channel: .card, description: "Card purchase abroad", hours: .evening,
                place: .away),
            Habit(
                name: "expenses", account: "everyday", flow: .receives([Payee("Upeo Consulting Ltd", "01100448210")]),
                rhythm: .cycle(Cycle(period: 42, offset: 16, length: 1)), amount: .about(34_000), category: .income, channel: .bankTransfer,
                description: "Travel expenses refunded", hours: .day),
            Habit(
                name: "fx expenses", account: "dollars", flow: .receives([Payee("Meridian Partners LLC", "8840219945")]),
                rhythm: .months([2, 5, 8, 11], day: 12), amount: .about(420, to: 1), category: .income, channel: .bankTransfer,
                description: "Honorarium", hours: .day),
            Habit(
                name: "shopping", account: "everyday", flow: .pays(Places.online), rhythm: .weekly(0.6), amount: .about(4_800, to: 5000), category: .shopping,
                channel: .card, description: "Online purchase", hours: .night, season: .festive, leaves: 90_000),
            Habit(
                name: "refunds", account: "everyday", flow: .receives([Payee("Kiko Fashion")]), rhythm: .weekly(0.15), amount: .about(2_700, to: 5000),
                category: .shopping, channel: .card, description: "Refund", hours: .day),
            Habit(
                name: "health", account: "everyday", flow: .pays(Places.pharmacies), rhythm: .weekly(0.35), amount: .about(2_100, to: 1000), category: .health,
                channel: .card, description: "Card purchase", leaves: 10_000),
            Habit(
                name: "cash", account: "everyday", flow: .withdrawsCash, rhythm: .weekly(0.4), amount: .oneOf([3_000, 5_000, 10_000]), category: .cash,
                channel: .cashMachine, description: "Cash withdrawal, Kilimani", season: .festive, place: .home, leaves: 40_000),
            Habit(
                name: "interest", account: "travel", flow: .earnsInterest, rhythm: .dayOfMonth(1), amount: .interest(months: 1), category: .interest,
                channel: .bank,
                description: "Interest", hours: .early),
            Habit(
                name: "fee", account: "everyday", flow: .paysFee, rhythm: .dayOfMonth(2), amount: .exact(250), category: .fees, channel: .bank,
                description: "Account fee {month}", hours: .early),
        ])

    private static let trip = Cycle(period: 42, offset: 0, length: 6)
}
