/// The permissions of one consent, in the catalogue's order. A value made from a request has passed `refusal`.
public struct PermissionSet: Hashable, Sendable, Codable {
    public private(set) var permissions: Set<Permission>

    /// Permissions that the program itself chose, or read back from its tables.
    public init(trusted permissions: some Sequence<Permission>) { self.permissions = Set(permissions) }

    /// Reads the names of a request, and refuses what does not go together.
    public init(names: [String]) throws(PermissionRefusal) {
        var permissions = Set<Permission>()
        for name in names {
            guard let permission = Permission(rawValue: name) else { throw .unknown(name) }
            guard permissions.insert(permission).inserted else { throw .repeated(permission) }
        }
        self.permissions = permissions
        if let refusal = validate() { throw refusal }
    }

    /// Reads the stored form: names parted by spaces.
    public init?(stored text: String) {
        let names = text.split(separator: " ")
        permissions = Set(names.compactMap { Permission(rawValue: String($0)) })
        guard permissions.count == names.count else { return nil }
    }

    /// What a consent holds when an app asks with plain scopes and lodged nothing: everything those scopes can read.
    /// - Parameter scopes: wire names; only `accounts.read` and `transactions.read` count.
    /// - Returns: `nil` when the scopes need no account consent.
    public static func defaults(forScopes scopes: some Sequence<String>) -> PermissionSet? {
        let scopes = Set(scopes)
        var permissions = Set<Permission>()
        if scopes.contains(accountsScope) { permissions.formUnion([.readAccountsBasic, .readAccountsDetail, .readBalances]) }
        // Transactions hang on accounts: the list of accounts is how an app learns their ids.
        if scopes.contains(transactionsScope) {
            permissions.formUnion([.readAccountsBasic, .readTransactionsBasic, .readTransactionsDetail, .readTransactionsCredits, .readTransactionsDebits])
        }
        return permissions.isEmpty ? nil : PermissionSet(trusted: permissions)
    }

    /// The combination rules of the UK Open Banking Read/Write API: accounts first, and transactions need both a level and a direction.
    public func validate() -> PermissionRefusal? {
        let hasLevel = contains(.readTransactionsBasic) || contains(.readTransactionsDetail)
        let hasDirection = contains(.readTransactionsCredits) || contains(.readTransactionsDebits)
        if permissions.isEmpty { return .empty }
        if !contains(.readAccountsBasic), !contains(.readAccountsDetail) { return .accountsMissing }
        if hasDirection, !hasLevel { return .levelMissing }
        if hasLevel, !hasDirection { return .directionMissing }
        return nil
    }

    public func contains(_ permission: Permission) -> Bool { permissions.contains(permission) }
    public var isEmpty: Bool { permissions.isEmpty }
    public var ordered: [Permission] { Permission.allCases.filter(permissions.contains) }
    public var names: [String] { ordered.map(\.rawValue) }

    /// The stored form: names parted by spaces.
    public var text: String { names.joined(separator: " ") }

    /// The wire names of the API scopes that a token of this consent carries: `accounts.read`, `transactions.read`.
    public var scopes: [String] {
        var scopes: [String] = []
        if permissions.contains(where: { !$0.isAboutTransactions }) { scopes.append(Self.accountsScope) }
        if permissions.contains(where: \.isAboutTransactions) { scopes.append(Self.transactionsScope) }
        return scopes
    }

    /// Whether the transactions show who they were with; without `ReadTransactionsDetail` those fields are left out.
    public var showsTransactionDetail: Bool { contains(.readTransactionsDetail) }
    /// Without `ReadTransactionsCredits` money that came in is left out of the list; that is no error.
    public var showsCredits: Bool { contains(.readTransactionsCredits) }
    public var showsDebits: Bool { contains(.readTransactionsDebits) }
    /// Whether accounts show their numbers and holders.
    public var showsAccountDetail: Bool { contains(.readAccountsDetail) }

    private static let accountsScope = "accounts.read"
    private static let transactionsScope = "transactions.read"

    public init(from decoder: any Decoder) throws {
        permissions = Set(try decoder.singleValueContainer().decode([Permission].self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ordered)
    }
}

/// Why permissions were refused.
public enum PermissionRefusal: Error, Hashable, Sendable {
    case empty
    case unknown(String)
    case repeated(Permission)
    case accountsMissing
    case levelMissing
    case directionMissing

    /// The rule's name in the error body.
    public var rule: String {
        switch self {
        case .empty: "permissions.empty"
        case .unknown: "permissions.unknown"
        case .repeated: "permissions.repeated"
        case .accountsMissing: "permissions.accounts"
        case .levelMissing: "permissions.transactions.level"
        case .directionMissing: "permissions.transactions.direction"
        }
    }

    public var expected: String {
        switch self {
        case .empty: "at least one permission"
        case .unknown: Permission.allCases.map(\.rawValue).joined(separator: ", ")
        case .repeated: "each permission once"
        case .accountsMissing: "ReadAccountsBasic or ReadAccountsDetail"
        case .levelMissing: "ReadTransactionsBasic or ReadTransactionsDetail beside the direction"
        case .directionMissing: "ReadTransactionsCredits, ReadTransactionsDebits or both beside the level"
        }
    }

    public var got: String {
        switch self {
        case .empty: "none"
        case .unknown(let name): String(name.prefix(100))
        case .repeated(let permission): "\(permission.rawValue) twice"
        case .accountsMissing: "neither"
        case .levelMissing: "a direction without a level"
        case .directionMissing: "a level without a direction"
        }
    }
}
