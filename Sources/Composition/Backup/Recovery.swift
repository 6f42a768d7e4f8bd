internal import AccessTokens
internal import Applications
internal import AuthorizationServer
internal import Consents
internal import Events
internal import Gateway
internal import Identity
public import Payments
internal import Portal
public import Primitives
import Storage

/// What a restored database has to forget before it may be served. A backup cannot know what was spent or ended after it was taken, so everything that may
/// have been is ended, paused or replaced (docs/decisions/0010-restore.md).
struct Recovery: Sendable {
    let rootKey: RootKey
    let randomness: any RandomSource
    let worldPasswords: WorldPasswordsRestoration
    /// The worlds whose portal could show no password any more.
    let renewedPasswords: [WorldPasswordsRestoration.Renewed]
    /// The operator knows that no app, secret, password or place in a team was removed or changed since the backup.
    let trustsCredentials: Bool
    let copyTakenAt: Timestamp?

    func run(at now: Timestamp, in tx: any WriteTransaction) throws -> RecoveryReport {
        let actor = Actor.commandLine
        var report = RecoveryReport(copyTakenAt: copyTakenAt, restoredAt: now)
        // What customers and apps hold
        report.codes = try AuthorizationRestoration().run(at: now, in: tx)
        report.grants = try Grants(randomness: randomness).endAllAfterRestoration(by: actor, at: now, in: tx)
        (report.pausedConsents, report.endedConsents) = try Consents(randomness: randomness).holdAfterRestoration(by: actor, at: now, in: tx)
        report.payments = try PaymentsRestoration().run(at: now, in: tx)
        try SigningKeys.replaceAfterRestoration(rootKey: rootKey, randomness: randomness, by: actor, at: now, in: tx)
        try IdempotencyRecords().releaseAll(in: tx)
        // What people hold
        (report.sessions, report.links) = try IdentityRestoration().endSessionsAndLinks(at: now, in: tx)
        report.recoveryCodes = try IdentityRestoration().endCodes(at: now, in: tx)
        report.invitations = try ApplicationsRestoration().withdrawInvitations(at: now, in: tx)
        report.worldPasswords = try worldPasswords.run(renewedPasswords, by: actor, at: now, in: tx)
        report.initialAccessTokens = try ApplicationsRestoration().revokeInitialAccessTokens(at: now, in: tx)
        if !trustsCredentials {
            report.passwords = try IdentityRestoration().voidPasswords(by: actor, at: now, in: tx)
            report.apps = try ApplicationsRestoration().holdApps(by: actor, at: now, in: tx)
            report.members = try ApplicationsRestoration().holdMembers(by: actor, at: now, in: tx)
        }
        try AuditLog().append(
            AuditEntry(actor: actor, action: .databaseRestored, subject: "database", after: report.audited, requestID: nil, at: now), in: tx)
        // Sealed forms and derived tokens of the time before do not open any more.
        try Restorations().finish(salt: Base64URL.encode(randomness.bytes(16)), copyTakenAt: copyTakenAt, at: now, in: tx)
        return report
    }
}

/// How much was ended.
public struct RecoveryReport: Sendable {
    public let copyTakenAt: Timestamp?
    public let restoredAt: Timestamp
    public internal(set) var codes = 0
    public internal(set) var grants = 0
    public internal(set) var pausedConsents = 0
    public internal(set) var endedConsents = 0
    public internal(set) var payments = PaymentsRestoration.Ended()
    public internal(set) var sessions = 0
    public internal(set) var links = 0
    public internal(set) var recoveryCodes = 0
    public internal(set) var invitations = 0
    public internal(set) var initialAccessTokens = 0
    /// Sandboxes whose customers have another one.
    public internal(set) var worldPasswords = 0
    /// `nil` when the operator vouched for credentials.
    public internal(set) var passwords: Int?
    public internal(set) var apps: Int?
    public internal(set) var members: Int?

    var audited: [String: String] {
        var values = [
            "grants_ended": String(grants), "consents_paused": String(pausedConsents), "consents_ended": String(endedConsents),
            "sessions_ended": String(sessions), "credentials_trusted": String(apps == nil),
        ]
        values["backup_taken_at"] = copyTakenAt?.rfc3339
        values["apps_held"] = apps.map(String.init)
        values["members_held"] = members.map(String.init)
        values["passwords_voided"] = passwords.map(String.init)
        return values
    }

    /// For the operator, a line each.
    public var lines: [String] {
        var common = [
            "Consents: \(pausedConsents) are paused until their customers confirm them, \(endedConsents) that waited for a customer ended.",
            "Payments to come: \(payments.scheduled) scheduled ones and \(payments.standingOrders) standing orders are cancelled, because they may have been since.",
            "Payments without a decision: \(payments.undecided), and \(payments.undecidedFiles) files, are rejected and their money is free: they may have been "
                + "cancelled or rejected since.",
            "Ended: grants with their refresh tokens \(grants), codes \(codes), sessions \(sessions), mailed links \(links), recovery codes \(recoveryCodes), "
                + "invitations \(invitations), initial access tokens \(initialAccessTokens), "
                + "and every access token, because new keys sign.",
        ]
        if worldPasswords > 0 { common.append("Sandboxes: the customers of \(worldPasswords) have another password, which the portal shows; theirs was lost.") }
        guard let passwords, let apps, let members else {
            return common + ["Apps, teams and passwords: they and the apps' secrets are as the backup has them, because you vouched for them."]
        }
        return common + [
            "Apps: \(apps) are held until their developers confirm them in the portal, or you do: wekeza apps confirm CLIENT_ID, or --all.",
            "Passwords: \(passwords) of developers and staff are void. Developers set one by mail, staff by: wekeza staff set-password --email EMAIL.",
            "Teams: \(members) members of teams of several are held, because they may have been removed since. Staff confirm an owner at /staff/people, or you "
                + "do: wekeza members confirm --organisation HANDLE --email EMAIL, or --all. Owners confirm the others on their team page.",
            "Roles, addresses and plans are as they were when the backup was taken: repeat what changed since.",
        ]
    }
}
