import Primitives
import Storage

/// How many mails of one purpose a stranger can make us send to one address: five an hour. Beyond that the page says the same and nothing is sent.
struct MailLimit: Sendable {
    /// Counted apart: whoever signs up with another's address again and again does not keep them from a link for a new password.
    enum Purpose: String, Sendable {
        case signUp = "sign_up"
        case confirmation
        case invitation
        case passwordReset = "password_reset"
    }

    static let mailsPerWindow = 5
    static let window = Duration.hours(1)

    func admits(_ address: String, for purpose: Purpose, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        let row = try tx.first(
            """
            INSERT INTO portal_mail_limit (address, window_started_at, sent)
            VALUES (\(Digest(of: "\(purpose.rawValue)/\(address)")), \(now), 1)
            ON CONFLICT (address) DO UPDATE SET
                sent = CASE WHEN portal_mail_limit.window_started_at <= \(now - Self.window) THEN 1 ELSE portal_mail_limit.sent + 1 END,
                window_started_at = CASE WHEN portal_mail_limit.window_started_at <= \(now - Self.window) THEN \(now)
                    ELSE portal_mail_limit.window_started_at END
            RETURNING sent
            """)
        let sent: Int = try row?["sent"] ?? 1
        return sent <= Self.mailsPerWindow
    }
}
