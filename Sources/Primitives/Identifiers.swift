/// An organisation of developers; its sandbox world of customers bears the same id.
package struct OrganisationID: Identifier {
    package static let prefix = "org_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A registered app.
package struct AppID: Identifier {
    package static let prefix = "app_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// One of an app's client secrets.
package struct SecretID: Identifier {
    package static let prefix = "sec_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A customer, developer or member of staff: the `sub` of tokens for people.
package struct PersonID: Identifier {
    package static let prefix = "usr_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A sign-in of a person in one browser.
package struct SessionID: Identifier {
    package static let prefix = "ses_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// An invitation of a colleague into an organisation.
package struct InvitationID: Identifier {
    package static let prefix = "inv_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A token that lets software register itself.
package struct InitialAccessTokenID: Identifier {
    package static let prefix = "iat_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A consent.
package struct ConsentID: Identifier {
    package static let prefix = "cns_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// What an app obtained by one authorization: the family of its tokens.
package struct GrantID: Identifier {
    package static let prefix = "grt_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A bank account.
package struct AccountID: Identifier {
    package static let prefix = "acc_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A booked or pending transaction.
package struct TransactionID: Identifier {
    package static let prefix = "txn_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A payment.
package struct StandingOrderID: Identifier {
    package static let prefix = "sto_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

package struct PaymentID: Identifier {
    package static let prefix = "pay_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A file of payments that is paid as a whole.
package struct BulkPaymentID: Identifier {
    package static let prefix = "blk_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// An event, or an audit entry.
package struct EventID: Identifier {
    package static let prefix = "evt_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A signing key: its `kid`.
package struct KeyID: Identifier {
    package static let prefix = "key_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// One authorization transaction, from the request to the customer's decision.
package struct AuthorizationID: Identifier {
    package static let prefix = "atx_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}
