import Storage

/// What an audit entry tells; the stored name appears once, here.
package enum AuditAction: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
    // People
    case signedUp = "person.signed_up"
    case personCreated = "person.created"
    case personDisabled = "person.disabled"
    case staffCreated = "staff.created"
    case signedIn = "person.signed_in"
    case signInRefused = "person.sign_in_refused"
    case signedOut = "person.signed_out"
    case sessionsEnded = "person.sessions_ended"
    case emailConfirmed = "person.email_confirmed"
    case emailChanged = "person.email_changed"
    case passwordResetAsked = "person.password_reset_asked"
    case passwordChanged = "person.password_changed"
    case passwordVoided = "person.password_voided"
    case passwordAccepted = "person.password_accepted"
    case codeRefused = "person.one_time_code_refused"
    case recoveryCodeUsed = "person.recovery_code_used"
    case recoveryCodesRenewed = "person.recovery_codes_renewed"
    case secondFactorTurnedOn = "person.second_factor_turned_on"
    case secondFactorTurnedOff = "person.second_factor_turned_off"
    case secondFactorReset = "person.second_factor_reset"
    // Organisations
    case organisationCreated = "organisation.created"
    case organisationRenamed = "organisation.renamed"
    case planChanged = "organisation.plan_changed"
    case invitationSent = "invitation.sent"
    case invitationWithdrawn = "invitation.withdrawn"
    case invitationAccepted = "invitation.accepted"
    case memberRoleChanged = "member.role_changed"
    case memberRemoved = "member.removed"
    // Apps
    case appCreated = "app.created"
    case appUpdated = "app.updated"
    case appRemoved = "app.removed"
    case appHeld = "app.held"
    case appConfirmed = "app.confirmed"
    case secretAdded = "secret.added"
    case secretRevoked = "secret.revoked"
    case certificateAdded = "certificate.added"
    case certificateRemoved = "certificate.removed"
    // Consents and grants
    case consentLodged = "consent.lodged"
    case consentAuthorised = "consent.authorised"
    case consentRejected = "consent.rejected"
    case consentRevoked = "consent.revoked"
    case consentExpired = "consent.expired"
    case consentConsumed = "consent.consumed"
    case consentSuspended = "consent.suspended"
    case consentResumed = "consent.resumed"
    case consentConfirmed = "consent.confirmed"
    case grantCreated = "grant.created"
    case grantRevoked = "grant.revoked"
    // Payments
    case paymentReleased = "payment.released"
    case paymentRejected = "payment.rejected"
    // Keys
    case keyCreated = "key.created"
    case keyRotated = "key.rotated"
    case keyRetired = "key.retired"
    // The deployment
    case databaseRestored = "database.restored"
    // The sandbox
    case worldSeeded = "sandbox.world_seeded"
    case worldPasswordChanged = "sandbox.world_password_changed"
}
