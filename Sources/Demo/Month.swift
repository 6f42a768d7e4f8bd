internal import Pages
internal import Primitives

/// What `/v1` answers, as far as Financial Copilot reads it.
struct AccountList: Decodable { let data: [Account] }
struct Account: Decodable, Sendable {
    let id, name, kind, currency, masked_number, status: String
}
struct Amount: Decodable, Sendable {
    let amount, currency: String
    var money: Money? { Currency(rawValue: currency).flatMap { Money(decimal: amount, currency: $0) } }
}
struct Balance: Decodable, Sendable {
    let booked, available: Amount
}
struct Transaction: Decodable, Sendable {
    let id, direction, status, booked_at: String
    let amount: Amount
    let description, counterparty, category: String?
}
struct TransactionList: Decodable {
    struct Links: Decodable { let next: String? }
    let data: [Transaction]
    let links: Links
}
struct ConsentView: Decodable {
    let status, status_actor, status_reason: String
    let status_changed_at: String?
}
struct Userinfo: Decodable { let name, given_name: String? }

/// A calendar month that the customer can choose.
struct CalendarMonth: Hashable, Sendable {
    let year: Int
    let month: Int

    /// Reads `2026-11`.
    init?(_ text: String) {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard text.utf8.count == 7, parts.count == 2, CivilDate(year: parts[0], month: parts[1], day: 1) != nil else { return nil }
        year = parts[0]
        month = parts[1]
    }

    init(of moment: Timestamp) {
        year = moment.date.year
        month = moment.date.month
    }

    private init(ordinal: Int) {
        year = ordinal / 12
        month = ordinal % 12 + 1
    }

    func adding(months: Int) -> CalendarMonth { CalendarMonth(ordinal: year * 12 + month - 1 + months) }

    /// `2026-11`
    var text: String { String(first.description.prefix(7)) }
    /// `November 2026`
    var name: String { "\(Timestamp.months[month - 1]) \(year)" }
    var first: CivilDate { CivilDate(daysSinceEpoch: CivilDate(year: year, month: month, day: 1)?.daysSinceEpoch ?? 0) }
    var last: CivilDate { adding(months: 1).first.adding(days: -1) }

    /// How many months back Financial Copilot asks to look.
    static let reach = 6

    /// The months it may show at `now`, the latest first.
    static func choices(at now: Timestamp) -> [CalendarMonth] { (0..<reach).map { CalendarMonth(of: now).adding(months: -$0) } }
}

/// The sums of one month in one currency.
struct MonthSums: Sendable {
    let currency: Currency
    private(set) var moneyIn: Int64 = 0
    private(set) var moneyOut: Int64 = 0
    private(set) var byCategory: [String: Int64] = [:]
    private(set) var moved: Int64 = 0

    init(currency: Currency) { self.currency = currency }

    mutating func add(_ transaction: Transaction) {
        guard let amount = transaction.amount.money, amount.currency == currency else { return }
        let category = transaction.category ?? "other"
        // Money put aside, or changed into another currency, is neither earned nor spent.
        guard !MonthSums.isPutAside(category) else { return move(transaction) }
        if transaction.direction == "credit" {
            moneyIn = moneyIn.saturatingAdd(amount.minorUnits)
        } else {
            moneyOut = moneyOut.saturatingAdd(amount.minorUnits)
            byCategory[category] = (byCategory[category] ?? 0).saturatingAdd(amount.minorUnits)
        }
    }

    /// Counts money that stayed the customer's own, by the end that it left.
    mutating func move(_ transaction: Transaction) {
        guard transaction.direction == "debit", let amount = transaction.amount.money, amount.currency == currency else { return }
        moved = moved.saturatingAdd(amount.minorUnits)
    }

    static func isPutAside(_ category: String) -> Bool { ["savings", "exchange"].contains(category) }

    /// By currency, in the order of the first appearance of accounts.
    static func of(_ transactions: [Transaction], currencies: [Currency]) -> [MonthSums] {
        let between = betweenShared(transactions)
        return currencies.map { currency in
            var sums = MonthSums(currency: currency)
            for transaction in transactions where !between.contains(transaction.id) { sums.add(transaction) }
            for transaction in transactions where between.contains(transaction.id) { sums.move(transaction) }
            return sums
        }
    }

    /// The transfers whose both ends were shared: the same amount left one account and came to another at the same moment.
    private static func betweenShared(_ transactions: [Transaction]) -> Set<String> {
        struct Movement: Hashable { let at, amount, currency: String }
        var ends: [Movement: (out: [String], into: [String])] = [:]
        for transaction in transactions where transaction.category == "transfer" {
            let movement = Movement(at: transaction.booked_at, amount: transaction.amount.amount, currency: transaction.amount.currency)
            if transaction.direction == "debit" {
                ends[movement, default: ([], [])].out.append(transaction.id)
            } else {
                ends[movement, default: ([], [])].into.append(transaction.id)
            }
        }
        return Set(ends.values.flatMap { ends in zip(ends.out, ends.into).flatMap { [$0, $1] } })
    }
}

extension Int64 {
    fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// The month's page, ready to print.
struct MonthPage: Encodable {
    struct AccountRow: Encodable {
        let name, number, kind, booked, available: String
    }
    struct Row: Encodable {
        let category, amount, share: String
        /// In thousandths of the largest.
        let width: Int
    }
    struct CurrencyPart: Encodable {
        let id, currency, moneyIn, moneyOut, left: String
        let isOverspent: Bool
        let moved: String?
        let hasSpending: Bool
        let rows: [Row]
    }
    struct Movement: Encodable {
        let when, who, what, amount: String
        let isPending: Bool
    }
    struct Choice: Encodable {
        let value, label: String
        let isSelected: Bool
    }
    struct CallRow: Encodable {
        let call, status, time, requestID: String
    }

    let name, month: String
    let choices: [Choice]
    let accounts: [AccountRow]
    let accountCount: String
    let currencies: [CurrencyPart]
    let movements: [Movement]
    let hasMovements: Bool
    let movementsNote: String
    let calls: [CallRow]
    let callCount: String
    let updated, connectedSince: String

    init(
        connection: Connection, month: CalendarMonth, accounts: [(account: Account, balance: Balance?)], transactions: [Transaction],
        calls: [PlatformClient.Call], now: Timestamp
    ) {
        name = connection.name
        self.month = month.name
        choices = CalendarMonth.choices(at: now).map { Choice(value: $0.text, label: $0.name, isSelected: $0 == month) }
        self.accounts = accounts.map { pair in
            AccountRow(
                name: pair.account.name, number: pair.account.masked_number, kind: Self.words(pair.account.kind),
                booked: pair.balance?.booked.money?.text ?? "Not shared", available: pair.balance?.available.money?.text ?? "Not shared")
        }
        accountCount = accounts.count.inWords("account")
        var currencies: [Currency] = []
        for currency in accounts.compactMap({ Currency(rawValue: $0.account.currency) }) where !currencies.contains(currency) { currencies.append(currency) }
        self.currencies = MonthSums.of(transactions, currencies: currencies).map(Self.part)
        let latest = transactions.sorted { ($0.booked_at, $0.id) > ($1.booked_at, $1.id) }
        movements = latest.prefix(12).map(Self.movement)
        hasMovements = !latest.isEmpty
        movementsNote = latest.count > 12 ? "The latest 12 of \(latest.count.grouped)" : latest.count.of("transaction")
        self.calls = calls.map { CallRow(call: "\($0.method) \($0.path)", status: String($0.status), time: "\($0.milliseconds) ms", requestID: $0.requestID) }
        callCount = calls.count.of("call")
        updated = now.clock
        connectedSince = connection.connectedAt.day
    }

    private static func part(_ sums: MonthSums) -> CurrencyPart {
        func text(_ units: Int64) -> String { Money(minorUnits: units, currency: sums.currency).text }
        let ordered = sums.byCategory.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let largest = max(1, ordered.first?.value ?? 1)
        let total = max(1, sums.moneyOut)
        let left = sums.moneyIn &- sums.moneyOut
        return CurrencyPart(
            id: sums.currency.rawValue.lowercased(), currency: sums.currency.rawValue, moneyIn: text(sums.moneyIn), moneyOut: text(sums.moneyOut),
            left: text(left), isOverspent: left < 0, moved: sums.moved > 0 ? text(sums.moved) : nil, hasSpending: !ordered.isEmpty,
            rows: ordered.map { category, units in
                Row(
                    category: words(category), amount: text(units), share: share(units, of: total),
                    width: max(4, Int((Double(units) / Double(largest) * 1000).rounded())))
            })
    }

    private static func share(_ units: Int64, of total: Int64) -> String {
        let percent = Int((Double(units) / Double(total) * 100).rounded())
        return percent == 0 ? "under 1 %" : "\(percent) %"
    }

    private static func movement(_ transaction: Transaction) -> Movement {
        let amount = transaction.amount.money?.text ?? "\(transaction.amount.currency) \(transaction.amount.amount)"
        return Movement(
            when: Timestamp(iso8601: transaction.booked_at)?.day ?? transaction.booked_at,
            who: transaction.counterparty ?? "Not shared", what: transaction.category.map(words) ?? "",
            amount: transaction.direction == "credit" ? "+\(amount)" : amount, isPending: transaction.status == "pending")
    }

    /// `eating_out` becomes `Eating out`.
    private static func words(_ code: String) -> String {
        let text = code.replacing("_", with: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}
