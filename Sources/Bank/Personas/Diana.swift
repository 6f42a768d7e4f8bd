import Primitives

extension Persona {
    /// Diana Wanjiku, 20, at university, with little on the account by the end of the month.
    static let diana = Persona(
        key: "diana", signInName: "diana.student", name: "Diana Wanjiku", phone: "+254700000104", type: "College student",
        summary: "A second-year student on money from home, a student loan and small jobs; the balance is low before each inflow.",
        goodFor: "low balances, and accounts that are frozen or closed",
        accounts: [
            PersonaAccount(
                key: "student", name: "Student account", product: "Wekeza Campus", kind: .current, currency: .kes, number: "0112074419930",
                opened: (2, 8, 14), opening: 2_350),
            PersonaAccount(
                key: "club", name: "Hiking club", product: "Wekeza Campus", kind: .current, currency: .kes, number: "0112074415512", opened: (2, 10, 1),
                opening: 6_400,
                fate: .frozen(daysAgo: 24, because: "it is frozen until the club’s officers bring their papers to a branch")),
            PersonaAccount(
                key: "junior", name: "Junior saver", product: "Wekeza Junior", kind: .savings, currency: .kes, number: "0112074411068", opened: (12, 5, 30),
                opening: 4_150, fate: .closed(daysAgo: 262, paidTo: "student")),
        ],
        habits: [
            Habit(
                name: "home", account: "student", flow: .receives([Payee("Peter Njoroge", "+254 7•• ••• 603")]), rhythm: .dayOfMonth(1), amount: .exact(9_000),
                category: .income, channel: .mobileMoney, description: "From Dad, upkeep {month}", hours: .evening),
            Habit(
                name: "top up", account: "student", flow: .receives([Payee("Lucy Njoroge", "+254 7•• ••• 348")]), rhythm: .dayOfMonth(16),
                amount: .oneOf([2_000, 2_500, 3_000]), category: .income, channel: .mobileMoney, description: "From Mum", hours: .evening, season: .festive),
            Habit(
                name: "loan", account: "student", flow: .receives([Payee("Elimu Student Loans Board", "01100900001")]), rhythm: .months([2, 9], day: 18),
                amount: .exact(22_000), category: .education, channel: .bankTransfer, description: "Student loan, semester upkeep", hours: .day),
            Habit(
                name: "tutoring", account: "student", flow: .receives([Payee("Mrs Kamande", "+254 7•• ••• 771"), Payee("Baraka Family", "+254 7•• ••• 206")]),
                rhythm: .weekly(0.6, .weekend), amount: .oneOf([600, 800, 1_000]), category: .income, channel: .mobileMoney, description: "Tutoring",
                hours: .evening),
            Habit(
                name: "hostel", account: "student", flow: .pays([Payee("Mwanafunzi Hostels", "Paybill 711340")]), rhythm: .dayOfMonth(4), amount: .exact(5_500),
                category: .rent, channel: .mobileMoney, description: "Hostel {month} {year}", hours: .morning),
            Habit(
                name: "semester", account: "student", flow: .pays([Payee("Nairobi West University", "Paybill 300059")]), rhythm: .months([2, 9], day: 21),
                amount: .exact(14_500), category: .education, channel: .bankTransfer, description: "Semester fees, reg F17/2041", hours: .day),
            Habit(
                name: "mess", account: "student", flow: .pays([Payee("Campus Mess", "Till 5200871"), Payee("Mama Chapati Corner", "Till 5200413")]),
                rhythm: .weekly(7, .all), amount: .oneOf([60, 80, 100, 120, 150]), category: .eatingOut, channel: .mobileMoney, description: "Till payment",
                hours: .lunch, leaves: 50),
            Habit(
                name: "matatu", account: "student", flow: .pays(Places.matatu), rhythm: .weekly(4.5), amount: .oneOf([50, 70, 80, 100]), category: .transport,
                channel: .mobileMoney, description: "Fare", hours: .commute, leaves: 20),
            Habit(
                name: "bundles", account: "student", flow: .pays(Places.airtime), rhythm: .weekly(3), amount: .oneOf([20, 50, 55, 99]), category: .phone,
                channel: .mobileMoney, description: "Data bundle"),
            Habit(
                name: "groceries", account: "student", flow: .pays(Places.supermarkets), rhythm: .weekly(0.9, .weekend), amount: .about(520, to: 500),
                category: .groceries, channel: .card, description: "Card purchase", hours: .evening, season: .festive, leaves: 300),
            Habit(
                name: "music", account: "student", flow: .pays([Payee("Muziki Premium")]), rhythm: .dayOfMonth(8), amount: .exact(165),
                category: .subscriptions, channel: .card, description: "Muziki Student, monthly", hours: .morning),
            Habit(
                name: "fun", account: "student", flow: .pays([Payee("Sunset Cinema"), Payee("Nyama Corner Grill"), Payee("Kilele Live")]),
                rhythm: .weekly(0.8, .weekend), amount: .oneOf([300, 500, 700]), category: .entertainment, channel: .card, description: "Card purchase",
                hours: .night, season: .festive, leaves: 1_500),
            Habit(
                name: "clothes", account: "student", flow: .pays([Payee("Toi Market Stall", "Till 5900127"), Payee("Kiko Fashion")]), rhythm: .weekly(0.4),
                amount: .oneOf([250, 400, 600, 1_200]), category: .shopping, channel: .mobileMoney, description: "Till payment", hours: .day,
                season: .festive, leaves: 1_200),
            Habit(
                name: "books", account: "student", flow: .pays([Payee("Kitabu Bookshop", "Till 5711384"), Payee("Print Hub Campus", "Till 5711501")]),
                rhythm: .weekly(0.7), amount: .oneOf([30, 60, 150, 450]), category: .education, channel: .mobileMoney, description: "Till payment",
                leaves: 100),
            Habit(
                name: "chemist", account: "student", flow: .pays(Places.pharmacies), rhythm: .weekly(0.25), amount: .oneOf([150, 300, 450]),
                category: .health, channel: .mobileMoney, description: "Till payment", leaves: 50),
            Habit(
                name: "surplus", account: "student", flow: .pays([Payee("Campus Sacco", "Paybill 733400")]), rhythm: .dayOfMonth(29),
                amount: .surplus(above: 6_000), category: .savings, channel: .mobileMoney, description: "Sacco savings", hours: .night),
            Habit(
                name: "members", account: "club", flow: .receives([Payee("Club members")]), rhythm: .weekly(0.5), amount: .oneOf([200, 400, 600]),
                category: .other, channel: .mobileMoney, description: "Membership", hours: .evening),
            Habit(
                name: "hikes", account: "club", flow: .pays([Payee("Ngong Hills Rangers", "Paybill 222009"), Payee("Longonot Bus Hire", "Till 5012204")]),
                rhythm: .months([2, 4, 6, 8, 10, 12], day: 12), amount: .about(2_400, to: 5000), category: .entertainment, channel: .mobileMoney,
                description: "Hike", leaves: 500),
        ])
}
