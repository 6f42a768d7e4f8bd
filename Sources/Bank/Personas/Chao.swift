import Primitives

extension Persona {
    /// Chao Mwadime, 27, a designer who pays for everything with the phone.
    static let chao = Persona(
        key: "chao", signInName: "chao.digital", name: "Chao Mwadime", phone: "+254700000103", type: "Digital native",
        summary: "A designer paid by one employer and many clients, who makes several small payments a day and subscribes to everything.",
        goodFor: "many small payments, subscriptions and irregular income",
        accounts: [
            PersonaAccount(
                key: "main", name: "Main account", product: "Wekeza Go", kind: .current, currency: .kes, number: "0112067750518", opened: (4, 8, 22),
                opening: 21_870, overdraft: 10_000),
            PersonaAccount(
                key: "goals", name: "Goals", product: "Wekeza Goal Saver", kind: .savings, currency: .kes, number: "0112067756129", opened: (3, 2, 1),
                opening: 18_500, interestBasisPoints: 600),
        ],
        habits: [
            Habit(
                name: "salary", account: "main", flow: .receives([Payee("Pixel Works Africa", "01180033127")]), rhythm: .payday(28), amount: .exact(92_000),
                category: .income, channel: .bankTransfer, description: "Salary {month} {year}", hours: .early, rise: 80),
            Habit(
                name: "gigs", account: "main",
                flow: .receives([Payee("Dukani Studio"), Payee("Sauti Podcasts"), Payee("Mto Brands"), Payee("Lulu Events")]), rhythm: .weekly(0.7),
                amount: .about(6_500, to: 50000), category: .income, channel: .mobileMoney, description: "Invoice paid", hours: .evening),
            Habit(
                name: "rent", account: "main", flow: .pays([Payee("Lavington Studios", "Paybill 640777")]), rhythm: .monthly(2), amount: .exact(28_000),
                category: .rent, channel: .mobileMoney, description: "Rent {month} {year}", hours: .morning, rise: 50),
            Habit(
                name: "coffee", account: "main", flow: .pays([Payee("Mti Coffee House", "Till 5841126"), Payee("Bean Street", "Till 5841907")]),
                rhythm: .weekly(5, .working), amount: .about(290, to: 1000), category: .eatingOut, channel: .card, description: "Card purchase",
                hours: .morning, leaves: 1_000),
            Habit(
                name: "lunch", account: "main", flow: .pays(Places.eating + [Payee("Chakula Now", "Paybill 455000")]), rhythm: .weekly(4.6, .working),
                amount: .about(420, to: 1000), category: .eatingOut, channel: .mobileMoney, description: "Till payment", hours: .lunch, leaves: 1_000),
            Habit(
                name: "rides", account: "main", flow: .pays(Places.rides), rhythm: .weekly(7), amount: .about(230, to: 1000), category: .transport,
                channel: .mobileMoney, description: "Ride", hours: .commute, season: .festive, leaves: 500),
            Habit(
                name: "corner shop", account: "main", flow: .pays([Payee("Mama Njeri Kiosk", "Till 5009012"), Payee("Corner Duka", "Till 5009344")]),
                rhythm: .weekly(5), amount: .oneOf([50, 80, 100, 120, 150, 200, 250]), category: .groceries, channel: .mobileMoney,
                description: "Till payment", hours: .evening, leaves: 500),
            Habit(
                name: "groceries", account: "main", flow: .pays(Places.supermarkets), rhythm: .weekly(1.2, .weekend), amount: .about(2_100),
                category: .groceries, channel: .card, description: "Card purchase", hours: .evening, season: .festive, leaves: 1_000),
            Habit(
                name: "friends out", account: "main",
                flow: .pays([Payee("Kevin M.", "+254 7•• ••• 981"), Payee("Wambui K.", "+254 7•• ••• 119"), Payee("Said A.", "+254 7•• ••• 470")]),
                rhythm: .weekly(2.2), amount: .oneOf([200, 300, 500, 700, 1_000]), category: .transfer, channel: .mobileMoney,
                description: "Mobile money, splitting the bill", hours: .night, leaves: 2_000),
            Habit(
                name: "friends in", account: "main",
                flow: .receives([Payee("Kevin M.", "+254 7•• ••• 981"), Payee("Wambui K.", "+254 7•• ••• 119"), Payee("Said A.", "+254 7•• ••• 470")]),
                rhythm: .weekly(1.5), amount: .oneOf([200, 300, 500, 800]), category: .transfer, channel: .mobileMoney,
                description: "Mobile money, their share", hours: .night),
            Habit(
                name: "bundles", account: "main", flow: .pays(Places.airtime), rhythm: .weekly(4), amount: .oneOf([50, 99, 100, 250]), category: .phone,
                channel: .mobileMoney, description: "Data bundle", leaves: 200),
            Habit(
                name: "music", account: "main", flow: .pays([Payee("Muziki Premium")]), rhythm: .dayOfMonth(4), amount: .exact(329),
                category: .subscriptions, channel: .card, description: "Muziki Premium, monthly", hours: .morning),
            Habit(
                name: "films", account: "main", flow: .pays([Payee("Filamu Stream")]), rhythm: .dayOfMonth(6), amount: .exact(1_100),
                category: .subscriptions, channel: .card, description: "Filamu Stream, monthly", hours: .morning),
            Habit(
                name: "anime", account: "main", flow: .pays([Payee("Katuni Plus")]), rhythm: .dayOfMonth(11), amount: .exact(450), category: .subscriptions,
                channel: .card, description: "Katuni Plus, monthly", hours: .morning),
            Habit(
                name: "design tools", account: "main", flow: .pays([Payee("Rangi Design Suite")]), rhythm: .dayOfMonth(13), amount: .exact(2_950),
                category: .subscriptions, channel: .card, description: "Rangi Design Suite, monthly", hours: .morning),
            Habit(
                name: "cloud", account: "main", flow: .pays([Payee("Wingu Storage")]), rhythm: .dayOfMonth(18), amount: .exact(260), category: .subscriptions,
                channel: .card, description: "Wingu Storage 200 GB, monthly", hours: .morning),
            Habit(
                name: "gym", account: "main", flow: .pays([Payee("Nguvu Gym", "Paybill 580580")]), rhythm: .dayOfMonth(3), amount: .exact(4_500),
                category: .health, channel: .directDebit, description: "Gym {month}", hours: .early),
            Habit(
                name: "games", account: "main", flow: .pays([Payee("Mchezo Games")]), rhythm: .weekly(0.8), amount: .oneOf([150, 300, 650]),
                category: .entertainment, channel: .card, description: "In-game purchase", hours: .night, leaves: 2_000),
            Habit(
                name: "nights out", account: "main", flow: .pays([Payee("Mzuka Rooftop"), Payee("The Alchemy Yard"), Payee("Kilele Live")]),
                rhythm: .weekly(1, .weekend), amount: .about(1_900, to: 5000), category: .entertainment, channel: .card, description: "Card purchase",
                hours: .night, season: .festive, leaves: 8_000),
            Habit(
                name: "fintech", account: "main", flow: .pays([Payee("Sarafu Wallet", "Paybill 990011")]), rhythm: .weekly(0.7),
                amount: .oneOf([500, 1_000, 2_000]),
                category: .savings, channel: .mobileMoney, description: "Wallet top-up", hours: .night, leaves: 6_000),
            Habit(
                name: "goals", account: "main", flow: .moves(to: "goals"), rhythm: .weekly(1.6), amount: .oneOf([200, 300, 500]), category: .savings,
                channel: .bankTransfer, description: "Round-ups", hours: .night, leaves: 2_000),
            Habit(
                name: "shopping", account: "main", flow: .pays(Places.online), rhythm: .weekly(0.7), amount: .about(2_700, to: 5000), category: .shopping,
                channel: .card, description: "Online purchase", hours: .night, season: .festive, leaves: 10_000),
            Habit(
                name: "refunds", account: "main", flow: .receives([Payee("Duka Online")]), rhythm: .weekly(0.15), amount: .about(1_500, to: 5000),
                category: .shopping, channel: .card, description: "Refund"),
            Habit(
                name: "electricity", account: "main", flow: .pays(Places.electricity), rhythm: .weekly(0.7), amount: .oneOf([300, 500, 700]),
                category: .utilities, channel: .mobileMoney, description: "Electricity tokens, meter 54 6620 1187", hours: .evening, season: .cold),
            Habit(
                name: "internet", account: "main", flow: .pays(Places.internet), rhythm: .dayOfMonth(5), amount: .exact(2_999), category: .utilities,
                channel: .directDebit, description: "Home fibre {month}", hours: .early),
            Habit(
                name: "new phone", account: "goals", flow: .pays([Payee("Simu House Electronics")]), rhythm: .months([11], day: 27),
                amount: .surplus(above: 9_000),
                category: .shopping, channel: .card, description: "Phone and gear, sale week", hours: .night),
            Habit(
                name: "surplus", account: "main", flow: .moves(to: "goals"), rhythm: .dayOfMonth(24), amount: .surplus(above: 12_000), category: .savings,
                channel: .bankTransfer, description: "What was left of {month}", hours: .night),
            Habit(
                name: "invest", account: "goals", flow: .pays([Payee("Kesho Money Market Fund", "Paybill 600441")]), rhythm: .months([3, 7, 10], day: 20),
                amount: .surplus(above: 40_000), category: .savings, channel: .mobileMoney, description: "Investment, money market fund"),
            Habit(
                name: "interest", account: "goals", flow: .earnsInterest, rhythm: .dayOfMonth(1), amount: .interest(months: 1), category: .interest,
                channel: .bank,
                description: "Interest", hours: .early),
        ])
}
