import JSON
import Primitives

/// What became of a sealed transaction that came back.
public enum OpenedTransaction: Sendable {
    case valid(AuthorizationTransaction)
    /// Its half hour is over.
    case expired(AuthorizationTransaction)
    /// It began in another browser, or this one lost its cookie: RFC 9700 §4.7 binds the flow to the browser that began it.
    case otherBrowser(AuthorizationTransaction)
    /// Not sealed by us, or cut short.
    case unreadable
}

/// Seals transactions with AES-GCM, bound to a cookie of the browser. A restarted server, or another node, opens them too.
struct TransactionSeal: Sendable {
    private let sealer: Sealer

    init(rootKey: RootKey) { sealer = Sealer(rootKey, purpose: "authorization-transaction") }

    func seal(_ transaction: AuthorizationTransaction, browser: String) -> String {
        var members = transaction.json
        members.append("browser", Digest(of: browser).text)
        return sealer.seal(members.bytes)
    }

    func open(_ sealed: String, browser: String?, at now: Timestamp) -> OpenedTransaction {
        guard sealed.utf8.count <= 32_768, let bytes = sealer.open(sealed), let members = (try? JSONValue(parsing: bytes, limits: .token()))?.object,
            let transaction = try? AuthorizationTransaction(reading: members), let known = members["browser"]?.string
        else { return .unreadable }
        guard let browser, constantTimeEqual(Digest(of: browser).text, known) else { return .otherBrowser(transaction) }
        return transaction.isExpired(at: now) ? .expired(transaction) : .valid(transaction)
    }
}
