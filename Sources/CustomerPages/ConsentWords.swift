internal import Identity
internal import OAuth
internal import OpenBanking
internal import Pages
internal import Primitives

/// What an app would see, in the customer's words.
struct ConsentWords {
    struct Item: Encodable {
        let title: String
        let detail: String?
    }

    private(set) var items: [Item] = []
    private(set) var nots: [String] = []

    /// - Parameter window: the bookings it may read.
    init(permissions: PermissionSet, window: DataWindow) {
        items.append(
            permissions.showsAccountDetail
                ? Item(title: "Account names and numbers", detail: "Name, kind, currency, the full number and who holds it")
                : Item(title: "Account names", detail: "Name, kind, currency and the last four digits of the number"))
        if permissions.contains(.readBalances) {
            items.append(Item(title: "Balances", detail: "What you have and what you can spend, each time it looks"))
        } else {
            nots.append("It does not see your balances")
        }
        if let title = Self.transactions(permissions) {
            let parts = permissions.showsTransactionDetail ? "Amount, date, what it was for and the other party’s name" : "Amount and date, not who it was with"
            items.append(Item(title: title, detail: "\(parts), \(Self.words(for: window))"))
        } else {
            nots.append("It does not see your transactions")
        }
        nots.append("It cannot move money, and it never gets your password")
    }

    /// What an app may pay, as its receipt tells it.
    init(order: OrderWords) {
        items = order.items
        nots.append("It sees none of your accounts, and it cannot pay anything else")
    }

    /// What an app learns about the person, with what it would learn, so that nobody has to guess.
    init(scope: ScopeSet, person: Person) {
        if scope.contains(.profile) { items.append(Item(title: "Your name", detail: person.name)) }
        if scope.contains(.email) { items.append(Item(title: "Your email address", detail: person.email ?? "You have given us none")) }
        if scope.contains(.phone) { items.append(Item(title: "Your phone number", detail: person.phone ?? "You have given us none")) }
        if scope.contains(.address) { items.append(Item(title: "Your postal address", detail: "You have given us none")) }
        if items.isEmpty { items.append(Item(title: "That you are the same person as last time", detail: "A number that means you, and when you signed in")) }
        nots.append("It sees none of your accounts, and it never gets your password")
    }

    /// Both: what it learns about the person stands after what it sees of the accounts.
    init(permissions: PermissionSet, window: DataWindow, scope: ScopeSet, person: Person) {
        self.init(permissions: permissions, window: window)
        if !scope.intersection([.profile, .email, .phone, .address]).isEmpty { items += ConsentWords(scope: scope, person: person).items }
    }

    /// One sentence for a list: `Account names, balances and transactions since 21 August 2026`.
    static func sees(_ permissions: PermissionSet, _ window: DataWindow) -> String {
        var parts = [permissions.showsAccountDetail ? "Account names and numbers" : "Account names"]
        if permissions.contains(.readBalances) { parts.append("balances") }
        if let title = transactions(permissions) { parts.append("\(title.lowercased()) \(words(for: window))") }
        return sentence(parts)
    }

    private static func transactions(_ permissions: PermissionSet) -> String? {
        switch (permissions.showsCredits, permissions.showsDebits) {
        case (true, true): "Transactions"
        case (true, false): "Money that comes in"
        case (false, true): "Money that goes out"
        case (false, false): nil
        }
    }

    private static func words(for window: DataWindow) -> String {
        switch (window.from, window.to) {
        case (nil, nil): "from the first to the latest"
        case (let from?, nil): "since \(from.day)"
        case (nil, let to?): "up to \(to.day)"
        case (let from?, let to?): "from \(from.day) to \(to.day)"
        }
    }
}
