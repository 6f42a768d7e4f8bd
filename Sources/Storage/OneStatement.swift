/// What the body of `readOne` works on: it lets one statement through.
public final class OneStatement: ReadTransaction {
    private let transaction: any ReadTransaction
    private var isUsed = false

    public init(_ transaction: any ReadTransaction) { self.transaction = transaction }

    public var engine: Engine { transaction.engine }

    public func all(_ sql: SQL) throws -> [Row] {
        guard !isUsed else { throw StorageError.failed(reason: "a second statement in a read of one") }
        isUsed = true
        return try transaction.all(sql)
    }
}
