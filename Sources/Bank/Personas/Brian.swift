import Primitives

extension Persona {
    /// Brian Otieno, 34, a project engineer with two small children and a household run from a joint account.
    static let brian = Persona(
        key: "brian", signInName: "brian.parent", name: "Brian Otieno", phone: "+254700000102", type: "Young parent",
        summary: "A father of two whose household runs from an account that he and Grace hold together; school fees come three times a year.",
        goodFor: "a joint account, standing orders and direct debits",
        accounts: [
            PersonaAccount(
                key: "everyday", name: "Everyday account", product: "Wekeza Everyday", kind: .current, currency: .kes, number: "0112051173380",
                opened: (9, 6, 3), opening: 38_450, overdraft: 20_000),
            PersonaAccount(
                key: "home", name: "Home account", product: "Wekeza Together", kind: .current, currency: .kes, number: "0112051176651",
                opened: (5, 1, 18), opening: 61_200, jointHolder: "Grace Wanjiru Otieno"),
            PersonaAccount(
                key: "school", name: "School fund", product: "Wekeza Goal Saver", kind: .savings, currency: .kes, number: "0112051179204",
                opened: (4, 4, 9), opening: 74_000, interestBasisPoints: 600),
        ],
        habits: [
            Habit(
                name: "salary", account: "everyday", flow: .receives([Payee("Daraja Engineering Ltd", "01130072219")]), rhythm: .payday(25),
                amount: .exact(168_000), category: .income, channel: .bankTransfer, description: "Salary {month} {year}", hours: .early, rise: 50),
            Habit(
                name: "household", account: "everyday", flow: .moves(to: "home"), rhythm: .monthly(27), amount: .exact(88_000), category: .transfer,
                channel: .standingOrder, description: "Household money", hours: .early, rise: 30),
            Habit(
                name: "school saving", account: "everyday", flow: .moves(to: "school"), rhythm: .monthly(28), amount: .exact(16_000), category: .savings,
                channel: .standingOrder, description: "School fund", hours: .early),
            Habit(
                name: "grace", account: "home", flow: .receives([Payee("Grace Wanjiru Otieno", "+254 7•• ••• 730")]), rhythm: .payday(29),
                amount: .exact(48_000), category: .income, channel: .mobileMoney, description: "From Grace, household", hours: .evening, rise: 30),
            Habit(
                name: "rent", account: "home", flow: .pays([Payee("South B Homes", "01140083311")]), rhythm: .monthly(3), amount: .exact(42_000),
                category: .rent, channel: .standingOrder, description: "Rent {month} {year}", hours: .early, rise: 40),
            Habit(
                name: "nanny", account: "home", flow: .pays([Payee("Mercy Achieng", "+254 7•• ••• 062")]), rhythm: .payday(30), amount: .exact(14_000),
                category: .children, channel: .mobileMoney, description: "Mercy, {month}", hours: .evening),
            Habit(
                name: "school fees", account: "school", flow: .pays([Payee("Mwangaza Junior Academy", "Paybill 521900")]), rhythm: .months([1, 5, 9], day: 4),
                amount: .exact(58_500), category: .education, channel: .bankTransfer, description: "School fees, adm 2217", hours: .morning, rise: 60),
            Habit(
                name: "school things", account: "home", flow: .pays([Payee("Patel Uniforms", "Till 5711200"), Payee("Kitabu Bookshop", "Till 5711384")]),
                rhythm: .months([1, 5, 9], day: 3), amount: .about(7_400, to: 5000), category: .education, channel: .card, description: "Uniform and books",
                leaves: 5_000),
            Habit(
                name: "groceries", account: "home", flow: .pays(Places.supermarkets), rhythm: .weekly(2.8, .weekend), amount: .about(3_300),
                category: .groceries, channel: .card, description: "Card purchase", hours: .evening, season: .festive, leaves: 3_000),
            Habit(
                name: "baby", account: "home", flow: .pays([Payee("Toto Baby Store", "Till 5303040"), Payee("Malaika Kids", "Till 5304118")]),
                rhythm: .weekly(1.1), amount: .about(1_900, to: 5000), category: .children, channel: .card, description: "Card purchase", leaves: 5_000),
            Habit(
                name: "electricity", account: "home", flow: .pays(Places.electricity), rhythm: .weekly(0.8), amount: .oneOf([1_000, 1_500, 2_000]),
                category: .utilities, channel: .mobileMoney, description: "Electricity tokens, meter 37 1904 5582", hours: .evening, season: .cold),
            Habit(
                name: "water", account: "home", flow: .pays(Places.water), rhythm: .monthly(12), amount: .about(1_650, to: 1000), category: .utilities,
                channel: .directDebit, description: "Water {month}", hours: .early),
            Habit(
                name: "internet", account: "home", flow: .pays(Places.internet), rhythm: .monthly(5), amount: .exact(3_499), category: .utilities,
                channel: .directDebit, description: "Home fibre {month}", hours: .early),
            Habit(
                name: "family insurance", account: "home", flow: .pays([Payee("Ngao Insurance", "Paybill 551100")]), rhythm: .monthly(8),
                amount: .exact(6_200), category: .insurance, channel: .directDebit, description: "Family medical cover", hours: .early, rise: 40),
            Habit(
                name: "clinic", account: "home", flow: .pays([Payee("Watoto Clinic", "Till 5150150"), Payee("Afya Chemist", "Till 5622210")]),
                rhythm: .weekly(0.5), amount: .about(1_800, to: 5000), category: .health, channel: .card, description: "Card purchase", leaves: 2_000),
            Habit(
                name: "fuel", account: "everyday", flow: .pays(Places.fuel), rhythm: .weekly(1.3), amount: .oneOf([2_000, 3_000, 3_500, 4_000]),
                category: .transport, channel: .card, description: "Fuel", hours: .commute, leaves: 1_000),
            Habit(
                name: "lunch", account: "everyday", flow: .pays(Places.eating), rhythm: .weekly(3.6, .working), amount: .about(430, to: 1000),
                category: .eatingOut, channel: .mobileMoney, description: "Till payment", hours: .lunch, leaves: 2_000),
            Habit(
                name: "outings", account: "everyday", flow: .pays([Payee("Village Play Park"), Payee("Sunset Cinema"), Payee("Ngong Farm Day Out")]),
                rhythm: .weekly(0.7, .weekend), amount: .about(2_600, to: 5000), category: .entertainment, channel: .card, description: "Family outing",
                season: .holidays, leaves: 15_000),
            Habit(
                name: "chama", account: "everyday", flow: .pays([Payee("Umoja Chama", "Paybill 733010")]), rhythm: .dayOfMonth(10), amount: .exact(5_000),
                category: .savings, channel: .mobileMoney, description: "Chama contribution {month}", hours: .evening),
            Habit(
                name: "airtime", account: "everyday", flow: .pays(Places.airtime), rhythm: .weekly(1.4), amount: .oneOf([100, 250, 500]), category: .phone,
                channel: .mobileMoney, description: "Airtime and data"),
            Habit(
                name: "music", account: "everyday", flow: .pays([Payee("Muziki Premium")]), rhythm: .dayOfMonth(14), amount: .exact(549),
                category: .subscriptions, channel: .card, description: "Muziki Premium Family, monthly", hours: .morning),
            Habit(
                name: "films", account: "everyday", flow: .pays([Payee("Filamu Stream")]), rhythm: .dayOfMonth(21), amount: .exact(1_100),
                category: .subscriptions, channel: .card, description: "Filamu Stream, monthly", hours: .morning),
            Habit(
                name: "parents", account: "everyday", flow: .pays([Payee("Rose Otieno", "+254 7•• ••• 255")]), rhythm: .dayOfMonth(28), amount: .exact(6_000),
                category: .transfer, channel: .mobileMoney, description: "Mobile money to Rose Otieno", hours: .evening, season: .festive, leaves: 5_000),
            Habit(
                name: "presents", account: "everyday", flow: .pays(Places.online), rhythm: .weekly(0.5), amount: .about(3_200, to: 5000), category: .shopping,
                channel: .card, description: "Online purchase", hours: .night, season: .festive, leaves: 12_000),
            Habit(
                name: "cash", account: "everyday", flow: .withdrawsCash, rhythm: .weekly(0.5), amount: .oneOf([1_000, 2_000, 3_000]), category: .cash,
                channel: .cashMachine, description: "Cash withdrawal, South B", season: .festive, leaves: 5_000),
            Habit(
                name: "surplus", account: "everyday", flow: .moves(to: "school"), rhythm: .dayOfMonth(21), amount: .surplus(above: 18_000),
                category: .savings, channel: .bankTransfer, description: "What was left of {month}", hours: .night),
            Habit(
                name: "home surplus", account: "home", flow: .moves(to: "school"), rhythm: .dayOfMonth(22), amount: .surplus(above: 15_000),
                category: .savings, channel: .bankTransfer, description: "What was left at home", hours: .night),
            Habit(
                name: "plot", account: "school", flow: .pays([Payee("Ardhi Housing Sacco", "Paybill 710220")]), rhythm: .months([2, 6, 10], day: 6),
                amount: .surplus(above: 90_000), category: .savings, channel: .bankTransfer, description: "Sacco deposit, plot at Kitengela"),
            Habit(
                name: "interest", account: "school", flow: .earnsInterest, rhythm: .dayOfMonth(1), amount: .interest(months: 1), category: .interest,
                channel: .bank,
                description: "Interest", hours: .early),
            Habit(
                name: "fee", account: "everyday", flow: .paysFee, rhythm: .dayOfMonth(2), amount: .exact(150), category: .fees, channel: .bank,
                description: "Account fee {month}", hours: .early),
        ])
}
