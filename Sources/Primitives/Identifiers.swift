/// An organisation of developers; its sandbox world of customers bears the same id.
public struct OrganisationID: Identifier {
    public static let prefix = "org_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A registered app.
public struct AppID: Identifier {
    public static let prefix = "app_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// One of an app's client secrets.
public struct SecretID: Identifier {
    public static let prefix = "sec_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A customer, developer or member of staff: the `sub` of tokens for people.
public struct PersonID: Identifier {
    public static let prefix = "usr_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A sign-in of a person in one browser.
public struct SessionID: Identifier {
    public static let prefix = "ses_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// An invitation of a colleague into an organisation.
public struct InvitationID: Identifier {
    public static let prefix = "inv_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A token that lets software register itself.
public struct InitialAccessTokenID: Identifier {
    public static let prefix = "iat_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A consent.
public struct ConsentID: Identifier {
    public static let prefix = "cns_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// What an app obtained by one authorization: the family of its tokens.
public struct GrantID: Identifier {
    public static let prefix = "grt_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A bank account.
public struct AccountID: Identifier {
    public static let prefix = "acc_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A booked or pending transaction.
public struct TransactionID: Identifier {
    public static let prefix = "txn_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A payment.
public struct StandingOrderID: Identifier {
    public static let prefix = "sto_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

public struct PaymentID: Identifier {
    public static let prefix = "pay_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A file of payments that is paid as a whole.
public struct BulkPaymentID: Identifier {
    public static let prefix = "blk_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// An event, or an audit entry.
public struct EventID: Identifier {
    public static let prefix = "evt_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// A signing key: its `kid`.
public struct KeyID: Identifier {
    public static let prefix = "key_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}

/// One authorization transaction, from the request to the customer's decision.
public struct AuthorizationID: Identifier {
    public static let prefix = "atx_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}
