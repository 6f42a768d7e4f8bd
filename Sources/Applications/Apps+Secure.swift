public import Events
import OAuth
public import Primitives
public import Storage

extension Apps {
    /// Changes how an app proves itself and the rules that it is held to. Its secrets end with a method that uses none; with one that uses them it gets a new one.
    /// Grants and refresh tokens stay: those of a confidential app are protected by its authentication, whichever that is.
    /// - Returns: the app, and the new secret where one was made: shown once.
    public func secure(
        _ id: AppID, _ change: AppChange, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<(app: App, secret: Secret?), AppRefusal> {
        guard let before = try lockActive(id, in: tx) else { return .failure(.notFound) }
        // RFC 6749 §2.1: whether it can keep a secret depends on where its code runs.
        guard ((change.authenticationMethod ?? before.authenticationMethod) == .none) == before.isPublic else {
            return .failure(.contradiction("Make a new app: one that keeps a secret and one that cannot do not become one another"))
        }
        let after: App
        switch try write(change, to: before, by: actor, at: now, requestID: requestID, in: tx) {
        case .success(let written): after = written
        case .failure(let refusal): return .failure(refusal)
        }
        guard after.authenticationMethod.usesSecret != before.authenticationMethod.usesSecret else { return .success((after, nil)) }
        var secret: Secret?
        if after.authenticationMethod.usesSecret {
            secret = try insertSecret(nil, for: id, by: actor, at: now, requestID: requestID, in: tx).secret
        } else {
            try endSecrets(of: before, by: actor, at: now, requestID: requestID, in: tx)
        }
        guard let app = try find(id, in: tx) else { return .failure(.notFound) }
        return .success((app, secret))
    }

    private func endSecrets(of app: App, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws {
        try tx.execute("UPDATE app_secret SET revoked_at = \(now) WHERE app_id = \(app.id) AND revoked_at IS NULL")
        for secret in app.liveSecrets {
            try audit.append(
                AuditEntry(
                    actor: actor, action: .secretRevoked, subject: app.id.rawValue, before: ["secret": secret.id.rawValue, "hint": secret.hint],
                    requestID: requestID, at: now),
                in: tx)
        }
    }
}
