internal import Storage

/// What the body of `readOne` works on before there is an answer: it notes the statement, and ends the body there.
final class Question: ReadTransaction {
    private(set) var sql: SQL?

    private struct IsNoted: Error {}
    private static let isNoted: any Error = IsNoted()

    var engine: Engine { .postgres }

    func all(_ sql: SQL) throws -> [Row] {
        self.sql = self.sql ?? sql
        throw Self.isNoted
    }
}

/// What it works on the second time.
struct Reply: ReadTransaction {
    let question: SQL
    let rows: [Row]

    var engine: Engine { .postgres }

    func all(_ sql: SQL) throws -> [Row] {
        guard sql.text == question.text else { throw StorageError.failed(reason: "a body asked for something else the second time") }
        return rows
    }
}
