import Events
import OpenBanking

extension ConsentEvent {
    var auditAction: AuditAction {
        switch self {
        case .authorise: .consentAuthorised
        case .reject: .consentRejected
        case .revoke: .consentRevoked
        case .expire: .consentExpired
        case .consume: .consentConsumed
        case .suspend: .consentSuspended
        case .resume: .consentResumed
        case .confirm: .consentConfirmed
        }
    }
}
