internal import AccessTokens
internal import Applications
internal import Bank
internal import Consents
internal import Events
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Metering
internal import OAuth
internal import OpenBanking
internal import Pages
internal import Primitives
internal import Storage
internal import Web

/// `/my`: who can see the accounts, every look at them, and what happened before.
struct ConnectionsPage: Encodable {
    struct Connection: Encodable {
        let id, app, firm, initials, sees: String
        let accounts: [AccountLine]
        let hasAccounts: Bool
        let since, until, left, lastLooked: String
        let isEndingSoon, isPayment: Bool
        let csrf: String
    }
    struct AccountLine: Encodable {
        let name, number: String
    }
    /// An app that knows who the customer is and sees no accounts.
    struct Acquaintance: Encodable {
        let id, app, firm, initials, knows, since, csrf: String
    }

    let lead: String
    let stopped: String?
    let connections: [Connection]
    let hasConnections: Bool
    /// Whether the demo's app can be tried.
    let offersDemo: Bool
    let acquaintances: [Acquaintance]
    let hasAcquaintances: Bool
    let looks: [LookRow]
    let hasLooks: Bool
    let older: String?
    let past: [PastPage.Event]
    let hasPast: Bool
    let earlier: String?
}

/// One call about the customer, in their words.
struct LookRow: Encodable {
    let when, who, what, answer: String
    let isGiven, isRefused: Bool
}

/// What the pages need to name things: the customer's accounts and the apps.
struct NameBook: Sendable {
    let accounts: [AccountID: Account]
    let apps: [AppID: App]

    func account(_ id: AccountID) -> String { accounts[id].map { "\($0.name) \($0.maskedNumber)" } ?? "an account that is not yours" }
    func app(_ id: AppID?) -> String { id.flatMap { apps[$0]?.name } ?? "An app that is gone" }
    /// The firm behind an app, unless it bears the app's own name.
    func firm(_ id: AppID) -> String { apps[id].map { $0.organisationName == $0.name ? "" : $0.organisationName } ?? "" }
}

extension CustomerRoutes {
    func addConnections(to routes: Routes) {
        routes.get("/my") { request, context in
            try await signedIn(request, context) { try await connectionsPage(for: $0, request, context) }
        }
        routes.post("/my/consents/{id}/stop") { request, context in
            try await signedInForm(request, context) { session, _ in try await stop(session, context) }
        }
        routes.post("/my/grants/{id}/stop") { request, context in
            try await signedInForm(request, context) { session, _ in try await stopKnowing(session, context) }
        }
        routes.get("/my/consents") { request, context in
            try await signedIn(request, context) { try await pastPage(for: $0, request, context) }
        }
        routes.get("/my/consents/{id}") { request, context in
            try await signedIn(request, context) { try await receipt(for: $0, context) }
        }
        routes.get("/my/looks") { request, context in
            try await signedIn(request, context) { try await looksPage(for: $0, request, context) }
        }
        routes.get("/my/looks.csv") { request, context in
            try await signedIn(request, context) { try await looksDownload(for: $0, context) }
        }
    }

    // MARK: The overview

    private static let looksOnOverview = 15

    private func connectionsPage(for session: Session, _ request: Request, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        let person = session.person
        let id = request.query?["stopped"].flatMap { ConsentID($0) }
        let (past, looks, named) = try await database.read { [consents, records] tx in
            (
                try Past(of: person.id, in: tx), try records.list(ofPerson: person.id, limit: Self.looksOnOverview + 1, in: tx),
                try id.flatMap { try consents.find($0, in: tx) }
            )
        }
        let stopped = named.flatMap { $0.personID == person.id && $0.status(at: now).isFinal ? $0.appID : nil }
        let inForce = past.current.filter { $0.status(at: now) == .authorised || $0.status(at: now) == .suspended }
        let usage = try await usage(of: inForce.map(\.id), by: person.id, at: now)
        let acquaintances = try await database.readOne { [grants] tx in try grants.acquaintances(of: person.id, at: now, in: tx) }
        var apps = past.apps + looks.compactMap(\.appID) + acquaintances.map(\.appID)
        if let stopped { apps.append(stopped) }
        let book = try await names(person, apps: apps, accounts: past.accounts)
        let token = csrf.token(for: session.id.rawValue)
        let shown = looks.prefix(Self.looksOnOverview)
        let events = past.events(book, seenAt: now)
        let page = ConnectionsPage(
            lead: lead(for: person, count: inForce.count),
            stopped: stopped.map { book.app($0) },
            connections: inForce.map { connection($0, usage: usage[$0.id], book: book, csrf: token, now: now) }, hasConnections: !inForce.isEmpty,
            offersDemo: pages.isDemo,
            acquaintances: Self.byApp(acquaintances).map { known in
                ConnectionsPage.Acquaintance(
                    id: known.id.rawValue, app: book.app(known.app), firm: book.firm(known.app), initials: initials(of: book.app(known.app)),
                    knows: sentence(ConsentWords(scope: known.scope, person: person).items.map(\.title)), since: known.since.day, csrf: token)
            }, hasAcquaintances: !acquaintances.isEmpty,
            looks: shown.map { look($0, book: book, now: now) }, hasLooks: !shown.isEmpty,
            older: looks.count > Self.looksOnOverview ? shown.last.map { "/my/looks?before=\(Self.text(of: $0))" } : nil,
            past: events, hasPast: !events.isEmpty, earlier: past.older)
        return pages.page("customer/connections", page, shell: shell("Who can see your accounts", for: session, current: "connections", width: .single))
    }

    private func lead(for person: Person, count: Int) -> String {
        switch count {
        case 0: "\(person.givenName), no app can see your accounts."
        case 1: "\(person.givenName), one app has your permission. You can stop it now; it takes effect at once."
        default: "\(person.givenName), \(count.inWords("app")) have your permission. You can stop each of them now; it takes effect at once."
        }
    }

    private func connection(_ consent: Consent, usage: Usage?, book: NameBook, csrf: String, now: Timestamp) -> ConnectionsPage.Connection {
        let app = book.app(consent.appID)
        return ConnectionsPage.Connection(
            id: consent.id.rawValue, app: app, firm: book.firm(consent.appID), initials: initials(of: app),
            sees: consent.payment.map { OrderWords($0.order, lodgedAt: consent.createdAt).allowance } ?? ConsentWords.sees(consent.permissions, consent.window),
            accounts: consent.accounts.compactMap { book.accounts[$0] }.map { .init(name: $0.name, number: $0.maskedNumber) },
            hasAccounts: !consent.accounts.isEmpty, since: consent.statusChangedAt.day, until: consent.expiresAt.day,
            left: consent.expiresAt.left(seenAt: now), lastLooked: usage?.words(seenAt: now) ?? "Not yet",
            isEndingSoon: consent.expiresAt < now + .days(7), isPayment: consent.payment != nil, csrf: csrf)
    }

    // MARK: Stopping

    /// One conditional write ends the consent; every call, refresh and introspection asks for it, so all of them end with it.
    private func stop(_ session: Session, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ ConsentID($0) }) else { throw HTTPError(.notFound) }
        let person = session.person.id
        let (now, requestID) = (context.receivedAt, context.requestID)
        let isTheirs = try await database.write { [consents] tx in
            guard let consent = try consents.find(id, in: tx), consent.personID == person else { return false }
            _ = try consents.revoke(
                id, by: .customer, audit: .person(person), reason: ConsentReason.withdrawn, at: now, requestID: requestID, in: tx)
            return true
        }
        guard isTheirs else { throw HTTPError(.notFound) }
        return .seeOther("/my?stopped=\(id)")
    }

    /// One entry for each app, however often it was told silently since, in the order of the grants.
    private static func byApp(_ grants: [Grant]) -> [(app: AppID, id: GrantID, scope: ScopeSet, since: Timestamp)] {
        grants.reduce(into: []) { known, grant in
            guard let number = known.firstIndex(where: { $0.app == grant.appID }) else {
                known.append((grant.appID, grant.id, grant.scope, grant.createdAt))
                return
            }
            known[number].scope = known[number].scope.union(grant.scope)
            known[number].since = min(known[number].since, grant.createdAt)
        }
    }

    private func stopKnowing(_ session: Session, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ GrantID($0) }) else { throw HTTPError(.notFound) }
        let person = session.person.id
        let (now, requestID) = (context.receivedAt, context.requestID)
        let isTheirs = try await database.write { [grants] tx in
            guard let grant = try grants.find(id, in: tx), grant.personID == person, grant.consentID == nil else { return false }
            // What was repeated silently since is the same to whoever stops it.
            for other in try grants.acquaintances(of: person, at: now, in: tx) where other.appID == grant.appID {
                try grants.revoke(other.id, because: .revokedByCustomer, by: .person(person), at: now, requestID: requestID, in: tx)
            }
            return true
        }
        guard isTheirs else { throw HTTPError(.notFound) }
        return .seeOther("/my")
    }

    // MARK: Names and usage

    func names(_ person: Person, apps ids: [AppID], accounts others: [AccountID] = []) async throws -> NameBook {
        let found = try await database.read { [accounts] tx in
            // Accounts that were shared once may no longer be the customer's.
            let own = try accounts.list(of: person.id, in: tx)
            let missing = Set(others).subtracting(own.map(\.id))
            return own + (missing.isEmpty ? [] : try accounts.list(Array(missing), in: tx))
        }
        var apps: [AppID: App] = [:]
        for id in Set(ids) { apps[id] = try await self.apps.find(id) }
        return NameBook(accounts: Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }), apps: apps)
    }

    struct Usage: Sendable {
        let last: Timestamp
        let thisWeek: Int
        let isMore: Bool

        func words(seenAt now: Timestamp) -> String {
            let count = isMore ? "more than \(thisWeek.grouped) times" : thisWeek == 1 ? "once" : "\(thisWeek.grouped) times"
            return thisWeek == 0 ? last.moment(seenAt: now) : "\(last.moment(seenAt: now)), \(count) in seven days"
        }
    }

    /// How often each consent was used in the last seven days, and when last.
    private func usage(of ids: [ConsentID], by person: PersonID, at now: Timestamp) async throws -> [ConsentID: Usage] {
        let bound = 200
        let uses = try await database.read { [records] in try records.uses(ofConsents: ids, of: person, since: now - .days(7), atMost: bound, in: $0) }
        return uses.mapValues { Usage(last: $0.last, thisWeek: $0.count, isMore: $0.count == bound) }
    }
}
