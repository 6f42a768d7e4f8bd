import Consents
import OpenBanking
import Primitives
import Web

/// A consent on the wire: the contract's schema `Consent`.
struct ConsentBody: Encodable {
    let id: String
    let type: String
    let status: String
    let statusActor: String
    let statusReason: String
    let statusChangedAt: String
    let permissions: [String]
    let transactionsFrom: String?
    let transactionsTo: String?
    let expiresAt: String
    let accounts: [String]
    let createdAt: String
    let links: PageLinks
    let history: [Entry]?

    struct Entry: Encodable {
        let status, actor, reason, at: String
    }

    private enum CodingKeys: String, CodingKey {
        case id, type, status
        case statusActor = "status_actor"
        case statusReason = "status_reason"
        case statusChangedAt = "status_changed_at"
        case permissions
        case transactionsFrom = "transactions_from"
        case transactionsTo = "transactions_to"
        case expiresAt = "expires_at"
        case accounts
        case createdAt = "created_at"
        case links, history
    }

    init(_ consent: Consent, history: [ConsentHistoryEntry]? = nil, at now: Timestamp, issuer: Issuer) {
        let standing = consent.standing(at: now)
        id = consent.id.rawValue
        type = consent.type.rawValue
        status = standing.status.rawValue
        statusActor = standing.actor.rawValue
        statusReason = standing.reason
        statusChangedAt = standing.since.rfc3339
        permissions = consent.permissions.names
        transactionsFrom = consent.transactionsFrom?.rfc3339
        transactionsTo = consent.transactionsTo?.rfc3339
        expiresAt = consent.expiresAt.rfc3339
        accounts = consent.accounts.map(\.rawValue)
        createdAt = consent.createdAt.rfc3339
        links = PageLinks(current: issuer.address("/v1/consents/\(consent.id)"), next: nil)
        self.history = history.map { Self.entries($0, standing) }
    }

    private static func entries(_ history: [ConsentHistoryEntry], _ standing: ConsentStanding) -> [Entry] {
        var entries = history.map { Entry(status: $0.status.rawValue, actor: $0.actor.rawValue, reason: $0.reason, at: $0.at.rfc3339) }
        // The clock has ended it; the job that writes the line may still be on its way.
        if standing.status == .expired, history.last?.status != .expired {
            entries.append(
                Entry(status: standing.status.rawValue, actor: standing.actor.rawValue, reason: standing.reason, at: standing.since.rfc3339))
        }
        return entries
    }
}

struct ConsentListBody: Encodable {
    let data: [ConsentBody]
    let links: PageLinks
}

/// The contract's schema `Links`.
struct PageLinks: Encodable {
    let current: String
    let next: String?

    private enum CodingKeys: String, CodingKey {
        case current = "self"
        case next
    }
}

/// Where a page of consents ends: the last one's id, spelled so that nobody builds on it.
struct ConsentCursor {
    let id: ConsentID

    init(id: ConsentID) { self.id = id }

    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), let id = ConsentID(String(decoding: bytes, as: UTF8.self)) else { return nil }
        self.id = id
    }

    var text: String { Base64URL.encode(id.rawValue.utf8) }
}
