internal import Applications
internal import Bank
internal import Consents
internal import Hummingbird
internal import Identity
internal import Metering
internal import OpenBanking
internal import Payments
internal import Pages
internal import Primitives
internal import Storage
internal import Web

/// `/my/consents/{id}`: the receipt of one consent; in print it is one sheet: who, what, until when, number.
struct ReceiptPage: Encodable {
    struct Step: Encodable {
        let text, when: String
    }

    let id, app, firm, initials: String
    let status, statusWords: String
    let isInForce: Bool
    /// Whether it lets the app pay, and not see.
    let isPayment: Bool
    /// How much of each limit is used now.
    let usage: [String]
    let hasUsage: Bool
    let items: [ConsentWords.Item]
    let nots: [String]
    let accounts: [ConnectionsPage.AccountLine]
    let hasAccounts: Bool
    let since, until: String
    let csrf: String
    let steps: [Step]
    let looks: [LookRow]
    let hasLooks: Bool
    let printed: String
}

extension CustomerRoutes {
    func receipt(for session: Session, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ ConsentID($0) }) else { throw HTTPError(.notFound) }
        let (now, person) = (context.receivedAt, session.person)
        let found = try await database.read { [consents, records, books] tx -> (Consent, [ConsentHistoryEntry], [DecisionRecord], [LimitUsage])? in
            guard let consent = try consents.find(id, in: tx), consent.personID == person.id else { return nil }
            var usage: [LimitUsage] = []
            if case .recurring(let terms) = consent.payment?.order { usage = try books.usage(of: terms, under: consent, at: now, in: tx) }
            return (consent, try consents.history(of: id, in: tx), try records.list(ofPerson: person.id, consent: id, limit: 20, in: tx), usage)
        }
        guard let (consent, history, looks, usage) = found else { throw HTTPError(.notFound) }
        let book = try await names(person, apps: [consent.appID], accounts: consent.accounts)
        let standing = consent.standing(at: now)
        var steps = history.map { (status: $0.status, actor: $0.actor, reason: $0.reason, at: $0.at) }
        if steps.last?.status != standing.status { steps.append((standing.status, standing.actor, standing.reason, standing.since)) }
        let app = book.app(consent.appID)
        let words =
            consent.payment.map { ConsentWords(order: OrderWords($0.order, lodgedAt: consent.createdAt)) }
            ?? ConsentWords(permissions: consent.permissions, window: consent.window)
        let page = ReceiptPage(
            id: consent.id.rawValue, app: app, firm: book.firm(consent.appID), initials: initials(of: app), status: standing.status.rawValue,
            statusWords: Self.words(for: standing, until: consent.expiresAt), isInForce: standing.status == .authorised || standing.status == .suspended,
            isPayment: consent.payment != nil, usage: usage.map(Self.words), hasUsage: !usage.isEmpty,
            items: words.items, nots: words.nots,
            accounts: consent.accounts.compactMap { book.accounts[$0] }.map { .init(name: $0.name, number: $0.maskedNumber) },
            hasAccounts: !consent.accounts.isEmpty, since: history.first { $0.status == .authorised }?.at.dayAndClock ?? "Never",
            until: consent.expiresAt.dayAndClock,
            csrf: csrf.token(for: session.id.rawValue),
            steps: steps.compactMap { step in
                Self.event(step.status, by: step.actor, because: step.reason, app: app, consent: consent).map { .init(text: $0, when: step.at.dayAndClock) }
            }, looks: looks.map { look($0, book: book, now: now) }, hasLooks: !looks.isEmpty, printed: now.dayAndClock)
        return pages.page("customer/receipt", page, shell: shell("Your permission for \(app)", for: session, width: .single))
    }

    private static func words(_ usage: LimitUsage) -> String {
        "\(usage.paid.text) of \(usage.window.amount.text) until \(usage.window.until.dayAndClock)"
    }

    private static func words(for standing: ConsentStanding, until: Timestamp) -> String {
        switch standing.status {
        case .authorised: "In force until \(until.day)"
        case .suspended: "Paused by the bank since \(standing.since.day)"
        case .rejected: "You said no on \(standing.since.day)"
        case .revoked: "Ended on \(standing.since.day)"
        case .expired: "Ended by itself on \(standing.since.day)"
        case .consumed: "Used up on \(standing.since.day)"
        case .awaitingAuthorisation: "Waits for your decision"
        }
    }
}
