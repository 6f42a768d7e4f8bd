internal import Foundation
import Primitives

/// What became of a sealed transaction that came back.
package enum OpenedTransaction: Sendable {
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

    init(master: MasterKey) { sealer = Sealer(master, purpose: "authorization-transaction") }

    private struct Sealed: Codable {
        let transaction: AuthorizationTransaction
        let browser: Digest
    }

    func seal(_ transaction: AuthorizationTransaction, browser: String) -> String {
        // The encoder fails for floating-point numbers without a JSON form alone; a transaction is made of texts, integers and truth values.
        let data = try! JSONEncoder().encode(Sealed(transaction: transaction, browser: Digest(of: browser)))
        return sealer.seal(Array(data))
    }

    func open(_ sealed: String, browser: String?, at now: Timestamp) -> OpenedTransaction {
        guard sealed.utf8.count <= 32_768, let bytes = sealer.open(sealed), let found = try? JSONDecoder().decode(Sealed.self, from: Data(bytes)) else {
            return .unreadable
        }
        guard let browser, constantTimeEqual(Digest(of: browser).text, found.browser.text) else { return .otherBrowser(found.transaction) }
        return found.transaction.isExpired(at: now) ? .expired(found.transaction) : .valid(found.transaction)
    }
}
