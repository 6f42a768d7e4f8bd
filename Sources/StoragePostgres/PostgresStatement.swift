/// A statement with its binds, ready to be sent.
struct PostgresStatement {
    typealias Prepared = (name: String, shape: PostgresShape)

    let text: String
    /// What it is prepared as; `nil` for what is not worth keeping.
    let prepared: Prepared?
    let binds: PostgresBinds
}
