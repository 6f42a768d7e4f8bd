import Metering
import Primitives
import TestSupport
import Testing

@testable import CustomerPages

@Suite("Every look at the accounts")
struct LooksTests {
    private static let book = NameBook(accounts: [:], apps: [:])

    private static func record(_ operation: String?, outcome: DecisionOutcome = .allowed, rule: String? = nil, records: Int? = nil) -> DecisionRecord {
        DecisionRecord(
            requestID: RequestID(trusted: "req_1"), receivedAt: .epoch, durationMicroseconds: 1, accountID: AccountID(trusted: "acc_1"), method: "GET",
            path: "/v1/x",
            operation: operation, status: 200, outcome: outcome, rule: rule, records: records, clientAddress: "::1")
    }

    @Test func `each operation has words`() {
        #expect(CustomerRoutes.what(Self.record("listAccounts", records: 2), book: Self.book) == "Which 2 accounts you share")
        #expect(CustomerRoutes.what(Self.record("getAccountBalance"), book: Self.book) == "Balance of an account that is not yours")
        #expect(CustomerRoutes.what(Self.record("listTransactions", records: 12), book: Self.book).hasPrefix("12 transactions of"))
        #expect(CustomerRoutes.what(Self.record(nil), book: Self.book) == "GET /v1/x")
    }

    @Test func `a refusal says why, when it concerns the customer`() {
        let outside = Self.record("listTransactions", outcome: .refused, rule: "consent.accounts")
        let quota = Self.record("listTransactions", outcome: .refused, rule: "quota.daily")

        #expect(CustomerRoutes.what(outside, book: Self.book).hasSuffix("which you did not share"))
        #expect(CustomerRoutes.what(quota, book: Self.book) == "Transactions of an account that is not yours")
    }

    @Test func `a cell that a spreadsheet would run is text, and quotes are doubled`() {
        #expect(CustomerRoutes.line(["=1+1", "a \"b\"", "-2"]) == "\"'=1+1\",\"a \"\"b\"\"\",\"'-2\"\r\n")
    }

    @Test(arguments: ["", "1", "x.req_1", "1.app_1", "1.req_", "99999999999999999999.req_1"]) func `a place that is none reads from the start`(text: String) {
        #expect(CustomerRoutes.position(text) == nil)
    }

    @Test func `a place goes through an address unchanged`() {
        let record = Self.record(nil)

        #expect(CustomerRoutes.position(CustomerRoutes.text(of: record)) == DecisionRecords.Position(after: record))
    }
}
