/// The secret that the operator keeps outside the database. It seals the deployment's root key and authenticates its backups, and nothing else, so that it can
/// be changed without changing what was made with the root key (docs/decisions/0023-root-key.md).
public struct MasterKey: Equatable, Sendable {
    private let key: RootKey
    private let sealer: Sealer

    /// - Parameter bytes: 32 random bytes.
    public init?(bytes: [UInt8]) {
        guard let key = RootKey(bytes: bytes) else { return nil }
        self.key = key
        sealer = Sealer(key, purpose: "root-key")
    }

    public static func == (lhs: MasterKey, rhs: MasterKey) -> Bool { lhs.key == rhs.key }

    public func seal(_ key: RootKey) -> String { sealer.seal(key.bytes) }

    /// - Returns: `nil` when another master key sealed it.
    public func open(_ sealed: String) -> RootKey? { sealer.open(sealed).flatMap(RootKey.init(bytes:)) }

    public func authenticator(for purpose: String) -> MessageAuthenticator { MessageAuthenticator(key, purpose: purpose) }

    /// What a deployment derived everything from that was made before there were root keys. For its upgrade alone.
    public var rootKeyBeforeUpgrade: RootKey { key }
}
