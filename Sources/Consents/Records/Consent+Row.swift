internal import OpenBanking
public import Primitives
public import Storage

extension Consent {
    convenience init(_ row: Row, accounts: [AccountID]) throws {
        let permissions: String = try row["permissions"]
        guard let permissions = PermissionSet(stored: permissions) else { throw StorageError.unexpectedValue(column: "permissions") }
        let type: ConsentType = try row["type"]
        self.init(
            id: try row["id"], appID: try row["app_id"], organisationID: try row["organisation_id"], personID: try row["person_id"],
            type: type, permissions: permissions, transactionsFrom: try row["transactions_from"],
            transactionsTo: try row["transactions_to"], createdAt: try row["created_at"], expiresAt: try row["expires_at"],
            storedStatus: try row["status"], statusActor: try row["status_actor"], statusReason: try row["status_reason"],
            statusChangedAt: try row["status_changed_at"], accounts: accounts, grantID: try row["grant_id"],
            payment: try PaymentOrderRow(row)?.order(of: type).map { PaymentTerms(order: $0, debtorAccount: try row["debtor_account_id"]) })
    }
}

extension ConsentStanding {
    /// From the columns status, status_actor, status_reason and status_changed_at: as the table has it.
    init(_ row: Row) throws {
        self.init(
            status: try row["status"], actor: try row["status_actor"], reason: try row["status_reason"], since: try row["status_changed_at"])
    }
}

extension SQL.StringInterpolation {
    /// Whether a consent is authorised and its term has not ended; NULL when there is none.
    ///
    /// A value, not an `EXISTS`: PostgreSQL plans that by how few consents may be in force, and looks through all that are.
    /// - Parameter column: that of another table of the statement which holds the consent's id.
    public mutating func appendInterpolation(isInForce column: StaticString, at now: Timestamp) {
        appendLiteral("(SELECT consent.status = ")
        appendInterpolation(ConsentStatus.authorised)
        appendLiteral(" AND consent.expires_at > ")
        appendInterpolation(now)
        appendLiteral(" FROM consent WHERE consent.id = \(column))")
    }

    /// The columns that a consent is read from.
    mutating func appendInterpolation(columnsOf: Consent.Type) {
        appendLiteral(
            """
            id, app_id, organisation_id, person_id, type, permissions, transactions_from, transactions_to, created_at, expires_at, status, status_actor, \
            status_reason, status_changed_at, grant_id, amount, currency, creditor_name, creditor_account, reference, order_details, debtor_account_id
            """)
    }
}
