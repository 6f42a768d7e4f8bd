import Primitives
import Storage

/// The hidden `once` of forms that make something: sending the same form twice makes it once, and the second answer leads to the first one's result.
struct FormTokens: Sendable {
    enum Claim: Sendable {
        /// The first time: go on, then `settle`.
        case first
        /// It was sent before, and made this.
        case repeated(outcome: String)
    }

    let randomness: any RandomSource

    func make() -> String { randomness.token() }

    /// Claims a form; the statement itself decides, so that two at once cannot both be first.
    func claim(_ token: String?, by person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> Claim {
        // A form without its token is a program's: each one stands for itself.
        guard let token, token.utf8.count == 43 else { return .first }
        let digest = Digest(of: "\(person)/\(token)")
        let won = try tx.first(
            "INSERT INTO portal_form (digest, outcome, created_at) VALUES (\(digest), '', \(now)) ON CONFLICT (digest) DO NOTHING RETURNING digest")
        if won != nil { return .first }
        let outcome: String? = try tx.first("SELECT outcome FROM portal_form WHERE digest = \(digest)").flatMap { try $0["outcome"] }
        return .repeated(outcome: outcome ?? "")
    }

    /// Notes, in the same transaction, what the form made.
    func settle(_ token: String?, by person: PersonID, outcome: String, in tx: any WriteTransaction) throws {
        guard let token, token.utf8.count == 43 else { return }
        try tx.execute("UPDATE portal_form SET outcome = \(outcome) WHERE digest = \(Digest(of: "\(person)/\(token)"))")
    }
}
