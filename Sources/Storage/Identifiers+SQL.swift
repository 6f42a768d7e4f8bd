public import Primitives

// Identifiers bind and read as TEXT.
extension OrganisationID: SQLBindable, SQLReadable {}
extension AppID: SQLBindable, SQLReadable {}
extension SecretID: SQLBindable, SQLReadable {}
extension PersonID: SQLBindable, SQLReadable {}
extension SessionID: SQLBindable, SQLReadable {}
extension InvitationID: SQLBindable, SQLReadable {}
extension InitialAccessTokenID: SQLBindable, SQLReadable {}
extension ConsentID: SQLBindable, SQLReadable {}
extension GrantID: SQLBindable, SQLReadable {}
extension AccountID: SQLBindable, SQLReadable {}
extension TransactionID: SQLBindable, SQLReadable {}
extension PaymentID: SQLBindable, SQLReadable {}
extension BulkPaymentID: SQLBindable, SQLReadable {}
extension StandingOrderID: SQLBindable, SQLReadable {}
extension RequestID: SQLBindable, SQLReadable {}
extension EventID: SQLBindable, SQLReadable {}
extension KeyID: SQLBindable, SQLReadable {}
extension AuthorizationID: SQLBindable, SQLReadable {}
extension Currency: SQLBindable, SQLReadable {}
