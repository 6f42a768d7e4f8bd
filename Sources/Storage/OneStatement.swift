/// What the body of `readOne` works on: it lets one statement through.
package final class OneStatement: ReadTransaction {
    private let transaction: any ReadTransaction
    private var isUsed = false

    package init(_ transaction: any ReadTransaction) { self.transaction = transaction }

    package var engine: Engine { transaction.engine }

    package func all(_ sql: SQL) throws -> [Row] {
        guard !isUsed else { throw StorageError.failed(reason: "a second statement in a read of one") }
        isUsed = true
        return try transaction.all(sql)
    }
}
