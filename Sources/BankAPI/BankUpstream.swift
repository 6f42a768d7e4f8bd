public import Gateway
public import Payments
public import Primitives
public import Storage

/// The sandbox's bank as the upstream of the `/v1` operations that it serves, in this process.
public struct BankUpstream: Upstream {
    /// Answers one operation; refusals that only the bank can know of are thrown as problems.
    typealias Handler = @Sendable (GuardedCall, any Database) async throws -> UpstreamAnswer

    private let database: any Database
    private let payments: PaymentOperations
    private let bulkPayments: BulkPaymentOperations
    private let standingOrders: StandingOrderOperations

    /// - Parameter riskDeadline: how long a risk decision may take.
    public init(database: any Database, randomness: any RandomSource = SystemRandom(), riskDeadline: Duration = PaymentProcess.deadline) {
        self.database = database
        payments = PaymentOperations(database: database, randomness: randomness, riskDeadline: riskDeadline)
        bulkPayments = BulkPaymentOperations(database: database, randomness: randomness, riskDeadline: riskDeadline)
        standingOrders = StandingOrderOperations(database: database, randomness: randomness)
    }

    /// By the contract's `operationId`.
    static let handlers: [String: Handler] = [
        "listAccounts": AccountOperations.list,
        "getAccountBalance": AccountOperations.balance,
        "listTransactions": AccountOperations.transactions,
        "getAccountDetails": AccountOperations.details,
        "confirmFunds": FundsConfirmation.confirm,
    ]

    /// The operations it answers.
    public static var operations: Set<String> {
        Set(handlers.keys).union(PaymentOperations.operations).union(StandingOrderOperations.operations).union(BulkPaymentOperations.operations)
    }

    public func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        if PaymentOperations.operations.contains(call.operation) { return try await payments.respond(to: call) }
        if StandingOrderOperations.operations.contains(call.operation) { return try await standingOrders.respond(to: call) }
        if BulkPaymentOperations.operations.contains(call.operation) { return try await bulkPayments.respond(to: call) }
        guard let handler = Self.handlers[call.operation] else { throw UnservedOperation(operation: call.operation) }
        return try await handler(call, database)
    }
}

/// The contract names an operation that the bank does not answer: a mistake of ours, answered as a failure.
struct UnservedOperation: Error {
    let operation: String
}
