import Applications
import Events
import Gateway
import Primitives
import Storage

extension GuardedCall {
    /// Writes down that the app cancelled something, beside the cancellation itself.
    /// - Parameter status: what it stood at before.
    func audit(_ action: AuditAction, of subject: String, at status: String, in tx: any WriteTransaction) throws {
        try AuditLog().append(
            AuditEntry(
                actor: .app(app.id), action: action, subject: subject, before: ["status": status], after: ["app": app.id.rawValue],
                requestID: requestID, at: now), in: tx)
    }
}
