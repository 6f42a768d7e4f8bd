import Storage
@testable import StoragePostgres
import Testing

@Suite("What PostgreSQL says went wrong")
struct PostgresFailureTests {
    private func failure(_ state: String) -> PostgresFailure { PostgresFailure(state: state, message: "something went wrong", constraint: "coin_pkey") }

    /// connection_failure, serialization_failure, deadlock_detected, disk_full, too_many_connections, lock_not_available, query_canceled, admin_shutdown,
    /// cannot_connect_now, io_error
    @Test(arguments: ["08006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "57P03", "58030"])
    func `a step of the schema that meets trouble which passes may be tried again`(state: String) {
        let error = StorageError(failure(state), during: "bank.0001_accounts")

        #expect(error.isUnavailable)
        #expect(error.description.contains("bank.0001_accounts: something went wrong"))
    }

    /// foreign_key_violation, unique_violation, insufficient_privilege, syntax_error, duplicate_table, undefined_column, internal_error
    @Test(arguments: ["23503", "23505", "42501", "42601", "42P07", "42703", "XX000"])
    func `a step of the schema that does not fit what is there fails for good`(state: String) {
        let error = StorageError(failure(state), during: "bank.0001_accounts")

        #expect(!error.isUnavailable)
        #expect(error.description == "storage failed: bank.0001_accounts: something went wrong")
    }

    @Test func `a step of the schema that is not answered may be tried again`() {
        #expect(StorageError(.unanswered, during: "bank.0001_accounts").isUnavailable)
    }

    @Test(arguments: ["08006", "57P01", "57P02"])
    func `a commit under which the connection is lost may have happened`(state: String) {
        #expect(failure(state).leavesCommitOpen)
    }

    @Test func `a commit that is not answered may have happened`() { #expect(PostgresFailure.unanswered.leavesCommitOpen) }

    @Test(arguments: ["57014", "40001", "53100", "23505", "25P03"])
    func `a commit that the server refuses did not happen`(state: String) {
        #expect(!failure(state).leavesCommitOpen)
    }
}
