import Consents
import JSON
import OpenBanking
import Primitives
import Web

extension Consent {
    /// A consent on the wire: the contract's schema `Consent`.
    func body(history: [ConsentHistoryEntry]? = nil, at now: Timestamp, base: any BaseAddress) -> JSONObject {
        let standing = standing(at: now)
        var body = JSONObject([
            ("id", .string(id.rawValue)), ("type", .string(type.rawValue)), ("status", .string(standing.status.rawValue)),
            ("status_actor", .string(standing.actor.rawValue)), ("status_reason", .string(standing.reason)),
            ("status_changed_at", .string(standing.since.rfc3339)), ("permissions", .array(permissions.names.map(JSONValue.string))),
        ])
        if let payment { body.append(type.rawValue, .object(payment.order.json)) }
        body.append("debtor_account", payment?.debtorAccount?.rawValue)
        body.append("transactions_from", transactionsFrom?.rfc3339)
        body.append("transactions_to", transactionsTo?.rfc3339)
        body.append("expires_at", .string(expiresAt.rfc3339))
        body.append("accounts", .array(accounts.map { .string($0.rawValue) }))
        body.append("created_at", .string(createdAt.rfc3339))
        body.append("links", .object(PageLinks(current: address(base)).json))
        if let history { body.append("history", .array(Self.entries(history, standing).map(JSONValue.object))) }
        return body
    }

    func address(_ base: any BaseAddress) -> String { base.address("/v1/consents/\(id)") }

    private static func entries(_ history: [ConsentHistoryEntry], _ standing: ConsentStanding) -> [JSONObject] {
        var entries = history.map { entry($0.status, $0.actor, $0.reason, $0.at) }
        // The clock has ended it; the job that writes the line may still be on its way.
        if standing.status == .expired, history.last?.status != .expired {
            entries.append(entry(standing.status, standing.actor, standing.reason, standing.since))
        }
        return entries
    }

    private static func entry(_ status: ConsentStatus, _ actor: ConsentActor, _ reason: String, _ at: Timestamp) -> JSONObject {
        JSONObject([
            ("status", .string(status.rawValue)), ("actor", .string(actor.rawValue)), ("reason", .string(reason)), ("at", .string(at.rfc3339)),
        ])
    }
}
