import Events
public import Primitives
public import Storage

/// Confirming an email address by the link that was sent to it.
public struct EmailConfirmation: Sendable {
    private let links: OneTimeLinks
    private let people = People()
    private let audit = AuditLog()

    public init(randomness: any RandomSource) { links = OneTimeLinks(randomness: randomness) }

    /// - Returns: whose address is confirmed now; `nil` for a link that does not work (any more).
    public func confirm(_ secret: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Person? {
        guard let id = try links.spend(secret, .confirmEmail, at: now, in: tx) else { return nil }
        if try people.confirmEmail(of: id, at: now, in: tx) {
            try audit.append(AuditEntry(actor: .person(id), action: .emailConfirmed, subject: id.rawValue, requestID: requestID, at: now), in: tx)
        }
        return try people.find(id, in: tx)
    }
}
