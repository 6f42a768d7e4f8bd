public import Primitives

/// One line of the audit log: who did what to what, when, and what it was before and after. It never holds secrets, tokens or passwords.
public struct AuditEntry: Hashable, Sendable {
    /// Its place in the log; `nil` before it is written.
    public let position: Int64?
    public let actor: Actor
    public let action: AuditAction
    /// What it was done to, mostly an identifier: `app_…`, `usr_…`.
    public let subject: String
    public let before: [String: String]
    public let after: [String: String]
    public let requestID: RequestID?
    public let at: Timestamp

    public init(
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
