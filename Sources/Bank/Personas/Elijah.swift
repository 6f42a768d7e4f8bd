import Primitives

extension Persona {
    /// Elijah Kiprono, 67, retired from the railways, who still goes to the branch.
    static let elijah = Persona(
        key: "elijah", signInName: "elijah.boomer", name: "Elijah Kiprono", phone: "+254700000105", type: "Retired",
        summary: "A pensioner with two houses to let, a farm, cautious savings and five years of history, much of it over the counter.",
        goodFor: "a long history over many pages, and slow steady money", years: 5,
        accounts: [
            PersonaAccount(
                key: "current", name: "Current account", product: "Wekeza Classic", kind: .current, currency: .kes, number: "0112001208846",
                opened: (31, 7, 1), opening: 143_600, overdraft: 30_000),
            PersonaAccount(
                key: "savings", name: "Savings", product: "Wekeza Classic Saver", kind: .savings, currency: .kes, number: "0112001204471",
                opened: (28, 1, 15), opening: 820_000, interestBasisPoints: 550),
        ],
        habits: [
            Habit(
                name: "pension", account: "current", flow: .receives([Payee("Railways Pension Scheme", "01100700012")]), rhythm: .payday(24),
                amount: .exact(94_000), category: .income, channel: .bankTransfer, description: "Pension {month} {year}", hours: .early, rise: 30),
            Habit(
                name: "house one", account: "current", flow: .receives([Payee("J. Cheruiyot", "01161120934")]), rhythm: .monthly(4), amount: .exact(32_000),
                category: .income, channel: .bankTransfer, description: "Rent received, Langas house", hours: .day, rise: 40),
            Habit(
                name: "house two", account: "current", flow: .receives([Payee("Faith Jeptoo", "+254 7•• ••• 512")]), rhythm: .monthly(6),
                amount: .exact(24_000),
                category: .income, channel: .mobileMoney, description: "Rent received, Annex house", hours: .evening, rise: 40),
            Habit(
                name: "bond", account: "savings", flow: .receives([Payee("Treasury Bonds Registry", "01100100001")]), rhythm: .months([5, 11], day: 12),
                amount: .exact(61_750), category: .income, channel: .bankTransfer, description: "Bond coupon", hours: .early),
            Habit(
                name: "dividends", account: "current", flow: .receives([Payee("Kilimo Tea Growers Plc", "01170044100")]), rhythm: .months([3, 10], day: 27),
                amount: .about(18_500, to: 5000), category: .income, channel: .branch, description: "Dividend cheque", hours: .day),
            Habit(
                name: "caretaker", account: "current", flow: .pays([Payee("Samuel Rotich", "+254 7•• ••• 893")]), rhythm: .payday(30), amount: .exact(13_000),
                category: .household, channel: .mobileMoney, description: "Samuel, farm and compound {month}", hours: .evening, rise: 40),
            Habit(
                name: "farm", account: "current", flow: .pays([Payee("Agrovet Eldoret", "Till 5800231"), Payee("Mbegu Seeds", "Till 5800874")]),
                rhythm: .weekly(0.8), amount: .about(2_900, to: 5000), category: .household, channel: .branch, description: "Farm supplies", leaves: 15_000),
            Habit(
                name: "groceries", account: "current", flow: .pays(Places.supermarkets), rhythm: .weekly(1.5, .weekend), amount: .about(2_900),
                category: .groceries, channel: .card, description: "Card purchase", hours: .day, season: .festive, leaves: 5_000),
            Habit(
                name: "market", account: "current", flow: .withdrawsCash, rhythm: .weekly(1), amount: .oneOf([3_000, 5_000, 8_000]), category: .cash,
                channel: .branch, description: "Cash over the counter, Eldoret branch", season: .festive, leaves: 10_000),
            Habit(
                name: "church", account: "current", flow: .pays([Payee("St Andrew’s Parish", "Paybill 247100")]), rhythm: .weekly(1, .sunday),
                amount: .oneOf([1_000, 1_500, 2_000]), category: .giving, channel: .mobileMoney, description: "Offering", hours: .morning, leaves: 10_000),
            Habit(
                name: "harambee", account: "current", flow: .pays([Payee("Kapsabet Harambee Fund", "Paybill 880412")]), rhythm: .weekly(0.3),
                amount: .oneOf([2_000, 3_000, 5_000]), category: .giving, channel: .mobileMoney, description: "Harambee", season: .festive, leaves: 30_000),
            Habit(
                name: "grandchildren", account: "current", flow: .pays([Payee("Moi Road Primary", "Paybill 521447")]), rhythm: .months([1, 5, 9], day: 6),
                amount: .exact(36_000), category: .education, channel: .branch, description: "School fees for Kibet and Chebet", hours: .day, rise: 40),
            Habit(
                name: "hospital", account: "current", flow: .pays([Payee("Highlands Hospital", "Paybill 333410")]), rhythm: .weekly(0.35),
                amount: .about(3_400, to: 5000), category: .health, channel: .card, description: "Clinic", leaves: 5_000),
            Habit(
                name: "medicine", account: "current", flow: .pays(Places.pharmacies), rhythm: .dayOfMonth(13), amount: .about(4_200, to: 1000),
                category: .health, channel: .card, description: "Prescription", hours: .day),
            Habit(
                name: "medical cover", account: "current", flow: .pays([Payee("Ngao Insurance", "Paybill 551100")]), rhythm: .monthly(7), amount: .exact(9_800),
                category: .insurance, channel: .directDebit, description: "Senior medical cover", hours: .early, rise: 60),
            Habit(
                name: "electricity", account: "current", flow: .pays(Places.electricity), rhythm: .weekly(0.45), amount: .oneOf([1_000, 2_000]),
                category: .utilities, channel: .mobileMoney, description: "Electricity tokens, meter 02 8814 7705", hours: .evening, season: .cold),
            Habit(
                name: "water", account: "current", flow: .pays([Payee("Eldoret Water", "Paybill 444520")]), rhythm: .monthly(11),
                amount: .about(1_200, to: 1000),
                category: .utilities, channel: .directDebit, description: "Water {month}", hours: .early),
            Habit(
                name: "newspaper", account: "current", flow: .pays([Payee("Habari Daily")]), rhythm: .dayOfMonth(1), amount: .exact(900),
                category: .subscriptions, channel: .directDebit, description: "Habari Daily, monthly", hours: .early),
            Habit(
                name: "airtime", account: "current", flow: .pays(Places.airtime), rhythm: .weekly(0.7), amount: .oneOf([100, 200, 500]), category: .phone,
                channel: .mobileMoney, description: "Airtime"),
            Habit(
                name: "fuel", account: "current", flow: .pays([Payee("Rift Energy Eldoret")]), rhythm: .weekly(0.9), amount: .oneOf([2_000, 3_000, 4_000]),
                category: .transport, channel: .card, description: "Fuel", hours: .day, leaves: 5_000),
            Habit(
                name: "family", account: "current", flow: .pays([Payee("Daniel Kibet", "+254 7•• ••• 137"), Payee("Ruth Chepkoech", "+254 7•• ••• 665")]),
                rhythm: .weekly(0.6), amount: .oneOf([2_000, 3_000, 5_000]), category: .transfer, channel: .mobileMoney, description: "Mobile money to family",
                hours: .evening, season: .festive, leaves: 20_000),
            Habit(
                name: "saving", account: "current", flow: .moves(to: "savings"), rhythm: .dayOfMonth(23), amount: .surplus(above: 120_000),
                category: .savings, channel: .branch, description: "To savings"),
            Habit(
                name: "bonds", account: "savings", flow: .pays([Payee("Treasury Bonds Registry", "01100100001")]), rhythm: .months([1, 7], day: 20),
                amount: .surplus(above: 900_000), category: .savings, channel: .branch, description: "Treasury bond bought"),
            Habit(
                name: "land rates", account: "savings", flow: .pays([Payee("Uasin Gishu County", "Paybill 560120")]), rhythm: .months([3], day: 19),
                amount: .exact(27_400), category: .household, channel: .branch, description: "Land rates {year}", rise: 20),
            Habit(
                name: "interest", account: "savings", flow: .earnsInterest, rhythm: .months([3, 6, 9, 12], day: 30), amount: .interest(months: 3),
                category: .interest,
                channel: .bank, description: "Interest", hours: .early),
            Habit(
                name: "fee", account: "current", flow: .paysFee, rhythm: .dayOfMonth(2), amount: .exact(200), category: .fees, channel: .bank,
                description: "Account fee {month}", hours: .early),
        ])
}
