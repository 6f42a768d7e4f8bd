public import Events
public import OpenBanking
public import Primitives
public import Storage

/// What a consent is for.
public enum ConsentType: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case accountAccess = "account_access"
    /// One payment, at once or on a later day.
    case payment
    /// Payments within limits.
    case recurringPayment = "recurring_payment"
    /// The same payment again and again.
    case standingOrder = "standing_order"
    /// All payments of a file. The upload of the file lodges it.
    case bulkPayment = "bulk_payment"

    /// Those that move money.
    public static let payments: [ConsentType] = allCases.filter { $0 != .accountAccess }
}

extension ConsentStatus: SQLBindable, SQLReadable {}
extension ConsentActor: SQLBindable, SQLReadable {}
extension ConsentEvent: SQLBindable, SQLReadable {}

/// A customer's decision that an app may read some accounts, or pay from one: what it asked for, what the customer chose, and where it stands.
public final class Consent: Sendable {
    public let id: ConsentID
    public let appID: AppID
    public let organisationID: OrganisationID
    /// `nil` until a customer decides.
    public let personID: PersonID?
    public let type: ConsentType
    public let permissions: PermissionSet
    public let transactionsFrom: Timestamp?
    public let transactionsTo: Timestamp?
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    /// As the table has it; what counts is `status(at:)`.
    public let storedStatus: ConsentStatus
    public let statusActor: ConsentActor
    public let statusReason: String
    public let statusChangedAt: Timestamp
    /// What the customer chose, empty before.
    public let accounts: [AccountID]
    public let grantID: GrantID?
    /// What it lets the app pay; `nil` for account access.
    public let payment: PaymentTerms?

    init(
        id: ConsentID, appID: AppID, organisationID: OrganisationID, personID: PersonID?, type: ConsentType, permissions: PermissionSet,
        transactionsFrom: Timestamp?, transactionsTo: Timestamp?, createdAt: Timestamp, expiresAt: Timestamp, storedStatus: ConsentStatus,
        statusActor: ConsentActor, statusReason: String, statusChangedAt: Timestamp, accounts: [AccountID], grantID: GrantID?, payment: PaymentTerms?
    ) {
        self.id = id
        self.appID = appID
        self.organisationID = organisationID
        self.personID = personID
        self.type = type
        self.permissions = permissions
        self.transactionsFrom = transactionsFrom
        self.transactionsTo = transactionsTo
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.storedStatus = storedStatus
        self.statusActor = statusActor
        self.statusReason = statusReason
        self.statusChangedAt = statusChangedAt
        self.accounts = accounts
        self.grantID = grantID
        self.payment = payment
    }

    /// The wire names of the API scopes that a token of this consent carries.
    public var scopes: [String] { payment == nil ? permissions.scopes : ["payments.write"] }

    /// Where it stands: expiry comes by the clock, whether or not a job has stamped the row.
    public func status(at now: Timestamp) -> ConsentStatus {
        ConsentStanding.expiry(of: storedStatus, at: now, lodgedAt: createdAt, expiresAt: expiresAt) == nil ? storedStatus : .expired
    }

    /// The status with who brought it about, why, and since when.
    public func standing(at now: Timestamp) -> ConsentStanding {
        ConsentStanding(status: storedStatus, actor: statusActor, reason: statusReason, since: statusChangedAt)
            .standing(at: now, lodgedAt: createdAt, expiresAt: expiresAt)
    }

    /// Whether it waits for a customer: for their first decision, or for the confirmation of an earlier one.
    /// - Parameter person: who would decide; a confirmation is only theirs who decided before.
    public func waits(for person: PersonID? = nil, at now: Timestamp) -> Bool {
        switch status(at: now) {
        case .awaitingAuthorisation: true
        case .suspended: waitsForConfirmation && (person == nil || person == personID)
        case .authorised, .rejected, .revoked, .expired, .consumed: false
        }
    }

    var waitsForConfirmation: Bool { storedStatus == .suspended && statusReason == ConsentReason.restored }

    /// The bookings it lets the app read.
    public var window: DataWindow {
        // The ends were put in order when the consent was lodged; a row that says otherwise opens nothing.
        DataWindow(from: transactionsFrom, to: transactionsTo) ?? DataWindow(from: .distantFuture, to: .distantFuture)!
    }
}

/// What a payment consent is for.
public struct PaymentTerms: Hashable, Sendable {
    public let order: PaymentOrder
    /// The account that the app named; otherwise the customer picks one.
    public let debtorAccount: AccountID?

    public init(order: PaymentOrder, debtorAccount: AccountID?) {
        self.order = order
        self.debtorAccount = debtorAccount
    }

    var type: ConsentType {
        switch order {
        case .single: .payment
        case .recurring: .recurringPayment
        case .standing: .standingOrder
        case .bulk: .bulkPayment
        }
    }
}

/// A status, who brought it about, why, and since when.
public struct ConsentStanding: Hashable, Sendable {
    public let status: ConsentStatus
    public let actor: ConsentActor
    public let reason: String
    public let since: Timestamp

    public init(status: ConsentStatus, actor: ConsentActor, reason: String, since: Timestamp) {
        self.status = status
        self.actor = actor
        self.reason = reason
        self.since = since
    }

    /// What the clock has made of it, as the table has it.
    func standing(at now: Timestamp, lodgedAt: Timestamp, expiresAt: Timestamp) -> ConsentStanding {
        Self.expiry(of: status, at: now, lodgedAt: lodgedAt, expiresAt: expiresAt) ?? self
    }

    /// - Returns: `nil` where the clock has ended nothing.
    static func expiry(of status: ConsentStatus, at now: Timestamp, lodgedAt: Timestamp, expiresAt: Timestamp) -> ConsentStanding? {
        guard !status.isFinal else { return nil }
        let sweptAt = lodgedAt + ConsentTerm.unauthorised
        if status == .awaitingAuthorisation, sweptAt < expiresAt, sweptAt <= now {
            return ConsentStanding(status: .expired, actor: .system, reason: ConsentReason.neverAuthorised, since: sweptAt)
        }
        guard expiresAt <= now else { return nil }
        return ConsentStanding(status: .expired, actor: .system, reason: ConsentReason.termEnded, since: expiresAt)
    }
}

/// The reasons that this program gives for a status; a member of staff may give another.
public enum ConsentReason {
    public static let lodged = "lodged"
    public static let approved = "customer_approved"
    public static let declined = "customer_rejected"
    public static let withdrawn = "customer_withdrew"
    public static let deleted = "partner_deleted"
    /// The sandbox's robot decided as the customer, because the app told it to.
    public static let robotApproved = "robot_approved"
    public static let robotDeclined = "robot_rejected"
    public static let robotWithdrew = "robot_withdrew"
    public static let termEnded = "term_ended"
    public static let used = "payment_made"
    public static let neverAuthorised = "never_authorised"
    /// The bank brought its records back from a backup and cannot know whether the customer still wants it.
    public static let restored = "restored_from_backup"
}

/// Who decides as the customer: the history gives the reason, the audit log the actor.
public enum ConsentDecider: Hashable, Sendable {
    case themselves
    /// The sandbox's robot, at the word of an app.
    case robot(of: AppID)

    var approved: String { self == .themselves ? ConsentReason.approved : ConsentReason.robotApproved }
    var declined: String { self == .themselves ? ConsentReason.declined : ConsentReason.robotDeclined }

    public func actor(_ person: PersonID) -> Actor {
        switch self {
        case .themselves: .person(person)
        case .robot(let app): .app(app)
        }
    }
}

/// A consent as an app lodges it. Its parts have passed `PermissionSet(names:)`, `ConsentTerm.refusal` and `DataWindow`.
public struct NewConsent: Hashable, Sendable {
    public let appID: AppID
    public let organisationID: OrganisationID
    public let type: ConsentType
    public let permissions: PermissionSet
    public let window: DataWindow
    public let expiresAt: Timestamp
    public let payment: PaymentTerms?

    public init(
        appID: AppID, organisationID: OrganisationID, permissions: PermissionSet,
        window: DataWindow = DataWindow(from: nil, to: nil)!,  // two open ends are in order
        expiresAt: Timestamp
    ) {
        self.appID = appID
        self.organisationID = organisationID
        self.type = .accountAccess
        self.permissions = permissions
        self.window = window
        self.expiresAt = expiresAt
        self.payment = nil
    }

    /// For payments.
    public init(appID: AppID, organisationID: OrganisationID, payment: PaymentTerms, expiresAt: Timestamp) {
        self.appID = appID
        self.organisationID = organisationID
        self.type = payment.type
        self.permissions = PermissionSet(trusted: [])
        self.window = DataWindow(from: nil, to: nil)!  // two open ends are in order
        self.expiresAt = expiresAt
        self.payment = payment
    }
}

/// One line of a consent's history.
public struct ConsentHistoryEntry: Hashable, Sendable {
    public let status: ConsentStatus
    public let actor: ConsentActor
    public let reason: String
    public let requestID: RequestID?
    public let at: Timestamp
}

/// One decision about a consent: what happens, who says so and why, and what comes with it.
struct ConsentDecision {
    let event: ConsentEvent
    let actor: ConsentActor
    let reason: String
    var personID: PersonID?
    var grantID: GrantID?
    var accounts: [AccountID] = []

    var choosesAccounts: Bool { event == .authorise || event == .confirm }
}

extension Consent {
    /// As a partner lodges it, before any customer decides.
    convenience init(lodging new: NewConsent, as id: ConsentID, at now: Timestamp) {
        self.init(
            id: id, appID: new.appID, organisationID: new.organisationID, personID: nil, type: new.type, permissions: new.permissions,
            transactionsFrom: new.window.from?.wholeSeconds, transactionsTo: new.window.to?.wholeSeconds, createdAt: now.wholeSeconds,
            expiresAt: new.expiresAt.wholeSeconds, storedStatus: .awaitingAuthorisation, statusActor: .partner, statusReason: ConsentReason.lodged,
            statusChangedAt: now.wholeSeconds, accounts: [], grantID: nil, payment: new.payment)
    }

    /// What a decision makes of it, as the tables keep it.
    func after(_ decision: ConsentDecision, status: ConsentStatus, at now: Timestamp) -> Consent {
        Consent(
            id: id, appID: appID, organisationID: organisationID, personID: decision.personID ?? personID, type: type, permissions: permissions,
            transactionsFrom: transactionsFrom, transactionsTo: transactionsTo, createdAt: createdAt, expiresAt: expiresAt, storedStatus: status,
            statusActor: decision.actor, statusReason: decision.reason, statusChangedAt: now.wholeSeconds,
            accounts: decision.choosesAccounts ? Set(decision.accounts).sorted() : accounts, grantID: decision.grantID ?? grantID, payment: payment)
    }
}

extension Timestamp {
    /// As a column keeps it.
    fileprivate var wholeSeconds: Timestamp { Timestamp(seconds: seconds) }
}
