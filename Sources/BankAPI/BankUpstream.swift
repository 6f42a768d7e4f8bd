public import Gateway
public import Payments
public import Primitives
public import Storage

/// The sandbox's bank as the upstream of the `/v1` operations that it serves, in this process.
public struct BankUpstream: Upstream {
    /// Answers one operation; refusals that only the bank can know of are thrown as problems.
    private typealias Handler = @Sendable (GuardedCall) async throws -> UpstreamAnswer

    /// By the contract's `operationId`.
    private let handlers: [String: Handler]

    /// - Parameter riskDeadline: how long a risk decision may take.
    public init(database: any Database, randomness: any RandomSource = SystemRandom(), riskDeadline: Duration = PaymentProcess.deadline) {
        let payments = PaymentOperations(database: database, randomness: randomness, riskDeadline: riskDeadline)
        let bulkPayments = BulkPaymentOperations(database: database, randomness: randomness, riskDeadline: riskDeadline)
        let standingOrders = StandingOrderOperations(database: database, randomness: randomness)
        var handlers: [String: Handler] = [:]
        for (operation, read) in Self.reading { handlers[operation] = { try await read($0, database) } }
        for operation in PaymentOperations.operations { handlers[operation] = { try await payments.respond(to: $0) } }
        for operation in StandingOrderOperations.operations { handlers[operation] = { try await standingOrders.respond(to: $0) } }
        for operation in BulkPaymentOperations.operations { handlers[operation] = { try await bulkPayments.respond(to: $0) } }
        self.handlers = handlers
    }

    /// What reads accounts.
    private static let reading: [String: @Sendable (GuardedCall, any Database) async throws -> UpstreamAnswer] = [
        "listAccounts": AccountOperations.list,
        "getAccountBalance": AccountOperations.balance,
        "listTransactions": AccountOperations.transactions,
        "getAccountDetails": AccountOperations.details,
        "confirmFunds": FundsConfirmation.confirm,
    ]

    /// The operations it answers.
    public static var operations: Set<String> {
        Set(reading.keys).union(PaymentOperations.operations).union(StandingOrderOperations.operations).union(BulkPaymentOperations.operations)
    }

    public func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        guard let handler = handlers[call.operation] else { throw UnservedOperation(operation: call.operation) }
        return try await handler(call)
    }
}

/// The contract names an operation that the bank does not answer: a mistake of ours, answered as a failure.
struct UnservedOperation: Error {
    let operation: String
}
