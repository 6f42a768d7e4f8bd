package import Primitives

/// One line of the audit log: who did what to what, when, and what it was before and after. It never holds secrets, tokens or passwords.
package struct AuditEntry: Hashable, Sendable {
    /// Its place in the log; `nil` before it is written.
    package let position: Int64?
    package let actor: Actor
    package let action: AuditAction
    /// What it was done to, mostly an identifier: `app_…`, `usr_…`.
    package let subject: String
    package let before: [String: String]
    package let after: [String: String]
    package let requestID: RequestID?
    package let at: Timestamp

    package init(
        position: Int64? = nil, actor: Actor, action: AuditAction, subject: String, before: [String: String] = [:], after: [String: String] = [:],
        requestID: RequestID?, at: Timestamp
    ) {
        self.position = position
        self.actor = actor
        self.action = action
        self.subject = subject
        self.before = before
        self.after = after
        self.requestID = requestID
        self.at = at
    }
}
