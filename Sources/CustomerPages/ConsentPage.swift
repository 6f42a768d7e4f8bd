internal import Applications
internal import AuthorizationServer
internal import Bank
internal import Consents
internal import Identity
internal import OAuth
internal import OpenBanking
internal import Pages
internal import Primitives

/// The question to the customer: who asks, what it would see, for how long, of which accounts.
struct ConsentPage: Encodable {
    struct AccountChoice: Encodable {
        /// The input's id; the first that can be chosen bears the name that the error summary leads to.
        let field: String
        let id, name, number, amount: String
        let note: String?
        let isAvailable, isChosen: Bool
    }

    let heading, itemsHeading: String
    let givenName: String
    let transaction: String
    let app, initials: String
    /// The firm behind the app, unless it bears the app's own name.
    let firm: String?
    let registered, registeredISO: String
    let purpose: String?
    let ownPages: [OwnPage]
    let hasOwnPages: Bool
    let items: [ConsentWords.Item]
    /// What would be paid, where the app asks for a payment.
    let payment: OrderWords?
    /// Whom it would pay, where it is a file of payments.
    let payees: PayeesPreview?
    let nots: [String]
    let until, untilISO, days: String
    let offline: String
    let asksForAccounts, hasAvailable: Bool
    let accounts: [AccountChoice]
    let accountsError: String?
    let errors: ErrorSummary?
    /// Where the customer goes afterwards, when it is a place on the web.
    let destination: String?

    /// - Parameters:
    ///   - chosen: what the customer ticked before. At first it is empty: which accounts are shared is theirs to say, so none is ticked for them.
    ///   - isLocal: whether our own pages come over plain http, on a developer's machine.
    init(
        _ question: ConsentQuestion, sealed: String, payees: PayeesPreview? = nil, chosen: Set<AccountID>, errors: FormErrors, isLocal: Bool,
        now: Timestamp
    ) {
        self.payees = payees
        let app = question.app
        payment = question.payment.map { OrderWords($0.order, lodgedAt: question.lodgedAt ?? now) }
        heading =
            if let payment {
                "\(app.name) asks to \(payment.request)"
            } else {
                question.asksForAccounts ? "\(app.name) asks to see your accounts" : "\(app.name) asks who you are"
            }
        itemsHeading = question.asksForAccounts ? "What it would see" : "What it would learn"
        givenName = question.person.givenName
        transaction = sealed
        self.app = app.name
        firm = app.organisationName == app.name ? nil : app.organisationName
        initials = Pages.initials(of: app.name)
        registered = app.createdAt.day
        registeredISO = app.createdAt.date.description
        purpose = app.purpose.flatMap { $0.isEmpty ? nil : $0 }
        ownPages = OwnPage.all(of: app.metadata, isLocal: isLocal)
        hasOwnPages = !ownPages.isEmpty
        let words = Self.words(for: question)
        items = words.items
        nots = words.nots
        until = question.expiresAt.day
        untilISO = question.expiresAt.date.description
        days = Self.days(from: now, to: question.expiresAt)
        offline = Self.offline(for: question)
        asksForAccounts = question.asksForAccounts
        hasAvailable = question.hasShareableAccount
        accounts = Self.choices(question, chosen: chosen)
        accountsError = errors["accounts"]
        self.errors = errors.summary
        destination = Self.host(of: question.transaction.redirectURI)
    }

    /// `offline_access` changes these words and nothing else: whether there is a refresh token is settled where the app is registered.
    private static func offline(for question: ConsentQuestion) -> String {
        guard question.asksForAccounts, question.payment == nil, question.keepsAccess else { return "" }
        return "It may look at any time until then\(question.identityScopes.contains(.offlineAccess) ? ", also while you are away" : ""). "
    }

    private static func words(for question: ConsentQuestion) -> ConsentWords {
        guard let permissions = question.permissions, question.payment == nil else {
            return ConsentWords(scope: question.identityScopes, person: question.person)
        }
        // The ends were put in order when the consent was lodged.
        let window = DataWindow(from: question.transactionsFrom, to: question.transactionsTo) ?? DataWindow(from: question.transactionsFrom, to: nil)
        guard let window else { return ConsentWords(scope: question.identityScopes, person: question.person) }
        return ConsentWords(permissions: permissions, window: window, scope: question.identityScopes, person: question.person)
    }

    private static func choices(_ question: ConsentQuestion, chosen: Set<AccountID>) -> [AccountChoice] {
        let first = question.accounts.first { question.reasonNotOffered($0) == nil }?.id
        let refusal = question.payment == nil ? "Cannot be shared" : "Cannot pay this"
        return question.accounts.enumerated().map { index, account in
            let obstacle = question.reasonNotOffered(account)
            let reason = obstacle.map { "\(refusal): \($0)." }
            let joint = account.isJoint ? "Held by \(sentence(account.holderNames))" : nil
            return AccountChoice(
                field: account.id == first ? "accounts" : "account-\(index + 1)", id: account.id.rawValue, name: account.name, number: account.maskedNumber,
                amount: question.balances[account.id]?.booked.text ?? account.currency.rawValue, note: reason ?? joint, isAvailable: obstacle == nil,
                isChosen: obstacle == nil && chosen.contains(account.id))
        }
    }

    private static func days(from now: Timestamp, to end: Timestamp) -> String {
        let seconds = max(0, (end - now).milliseconds / 1000)
        return seconds < 86400 ? "less than a day" : Int((seconds + 43200) / 86400).of("day")
    }

    private static func host(of redirectURI: String) -> String? {
        guard redirectURI.hasPrefix("https://") else { return nil }
        return String(Substring(redirectURI.utf8.dropFirst("https://".utf8.count).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }))
    }
}
