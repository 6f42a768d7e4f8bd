internal import Consents
internal import Hummingbird
internal import Identity
internal import OpenBanking
internal import Pages
internal import Primitives
internal import Storage
internal import Web

/// `/my/consents`: what happened before, page by page; the newest of it stands on `/my` too.
struct PastPage: Encodable {
    struct Event: Encodable {
        let text, when: String
        let consent: String
    }

    let past: [Event]
    let hasPast: Bool
    let older: String?
    let isFirst: Bool
}

/// A page of what happened to a customer's consents. It goes by those that have ended, the last that ended first, each with all that happened to it; what
/// happened in that time to those that have not ended stands between.
struct Past: Sendable {
    static let pageSize = 20

    /// Those that have not ended, as the table has it: all of them.
    let current: [Consent]
    private let ended: [Consent]
    private let histories: [ConsentID: [ConsentHistoryEntry]]
    let isFirst: Bool
    /// Whether another page follows.
    private let goesOn: Bool
    /// When the last one of the page before ended.
    private let until: Timestamp?

    /// - Parameter id: the last one of the page before; without one that has ended and is theirs it is the first page.
    init(of person: PersonID, before id: ConsentID? = nil, in tx: any ReadTransaction) throws {
        let consents = Consents()
        let before = try id.flatMap { try consents.find($0, in: tx) }.flatMap { $0.personID == person && $0.storedStatus.isFinal ? $0 : nil }
        let found = try consents.ended(of: person, before: before, limit: Self.pageSize + 1, in: tx)
        let (current, ended) = (try consents.inForce(of: person, in: tx), Array(found.prefix(Self.pageSize)))
        self.current = current
        self.ended = ended
        histories = try consents.histories(of: (current + ended).map(\.id), in: tx)
        isFirst = before == nil
        goesOn = found.count > Self.pageSize
        until = before?.statusChangedAt
    }

    var apps: [AppID] { (current + ended).map(\.appID) }
    var accounts: [AccountID] { (current + ended).flatMap(\.accounts) }

    var older: String? { goesOn ? ended.last.map { "/my/consents?before=\($0.id)" } : nil }

    func events(_ book: NameBook, seenAt now: Timestamp) -> [PastPage.Event] {
        let since = goesOn ? ended.last?.statusChangedAt : nil
        let ends = ended.flatMap { consent in standings(of: consent, at: now).map { (consent, $0) } }
        let between = current.flatMap { consent in
            standings(of: consent, at: now).filter { $0.isBetween(since, until) }.map { (consent, $0) }
        }
        return (ends + between).sorted { $0.1.since > $1.1.since }.compactMap { consent, standing in
            CustomerRoutes.event(standing.status, by: standing.actor, because: standing.reason, app: book.app(consent.appID), consent: consent).map {
                PastPage.Event(text: $0, when: standing.since.moment(seenAt: now), consent: consent.id.rawValue)
            }
        }
    }

    /// Where it stood, the newest first.
    private func standings(of consent: Consent, at now: Timestamp) -> [ConsentStanding] {
        var standings = (histories[consent.id] ?? []).map { ConsentStanding(status: $0.status, actor: $0.actor, reason: $0.reason, since: $0.at) }
        let standing = consent.standing(at: now)
        // The clock may have ended it before a job stamps the row.
        if standings.last?.status != standing.status { standings.append(standing) }
        return standings.reversed()
    }
}

extension ConsentStanding {
    /// Whether it began within a page, which holds the moment of its oldest end, and not that of the page before.
    fileprivate func isBetween(_ oldest: Timestamp?, _ newest: Timestamp?) -> Bool {
        (oldest.map { $0 <= since } ?? true) && (newest.map { since < $0 } ?? true)
    }
}

extension CustomerRoutes {
    func pastPage(for session: Session, _ request: Request, _ context: AppContext) async throws -> Response {
        let person = session.person
        let before = request.query?["before"].flatMap { ConsentID($0) }
        let past = try await database.read { try Past(of: person.id, before: before, in: $0) }
        let events = past.events(try await names(person, apps: past.apps), seenAt: context.receivedAt)
        let page = PastPage(past: events, hasPast: !events.isEmpty, older: past.older, isFirst: past.isFirst)
        return pages.page("customer/past", page, shell: shell("What happened before", for: session, current: "connections", width: .single))
    }

    static func event(_ status: ConsentStatus, by actor: ConsentActor, because reason: String, app: String, consent: Consent) -> String? {
        switch reason {
        case ConsentReason.robotApproved: return "The sandbox’s robot approved \(app) for you until \(consent.expiresAt.day)"
        case ConsentReason.robotDeclined: return "The sandbox’s robot said no to \(app) for you"
        case ConsentReason.robotWithdrew: return "The sandbox’s robot stopped sharing with \(app) for you"
        default: break
        }
        return switch (status, actor) {
        case (.authorised, .customer): "You approved \(app) until \(consent.expiresAt.day)"
        case (.authorised, _): "The bank let \(app) go on"
        case (.rejected, _): "You said no to \(app)"
        case (.revoked, .customer): "You stopped sharing with \(app)"
        case (.revoked, .partner): "\(app) ended the connection itself"
        case (.revoked, _): "The bank ended the connection with \(app)"
        case (.suspended, _): "The bank paused the connection with \(app)"
        case (.expired, _): "Your permission for \(app) ended by itself"
        case (.consumed, _): "Your permission for \(app) was used up"
        case (.awaitingAuthorisation, _): nil
        }
    }
}
