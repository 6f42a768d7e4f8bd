import Contract
import Foundation
import Testing

@Suite("Requests and answers against the contract")
struct OperationValidationTests {
    private let contract: APIContract

    init() throws {
        contract = try APIContract(
            directory: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../openapi").standardized.path)
    }

    private func check(
        _ id: String, path: [String: String] = [:], query: [(String, String)] = [], headers: [String: [String]] = [:]
    ) throws -> (CheckedParameters, [Violation]) {
        let operation = try #require(contract.operation(id))
        return operation.check(RawRequest(path: path, query: query.map { (name: $0.0, value: $0.1) }) { headers[$0] ?? [] })
    }

    @Test func `parameters come in their types, with defaults`() throws {
        let (parameters, violations) = try check("listTransactions", path: ["account_id": "acc_1"], query: [("from", "2026-01-01"), ("limit", "20")])

        #expect(violations == [])
        #expect(parameters.integer("limit") == 20)
        #expect(parameters.string("from") == "2026-01-01")
        #expect(try check("listAccounts").0.integer("limit") == 100)
    }

    @Test(arguments: [
        ("limit", "0", "minimum"), ("limit", "501", "maximum"), ("limit", "ten", "type"), ("limit", "1.5", "type"), ("limit", "", "type"),
        ("limit", "+1", "type"), ("limit", "1e1", "type"), ("limit", "1E1", "type"), ("limit", "10.0", "type"),
        ("limit", "99999999999999999999", "maximum"), ("from", "yesterday", "format"), ("cursor", "a b", "pattern"),
        ("cursor", "", "minLength"), ("colour", "blue", "unknown"), ("access_token", "x", "unknown"),
    ])
    func `a query that breaks a rule is refused with it`(name: String, value: String, rule: String) throws {
        let (_, violations) = try check("listTransactions", path: ["account_id": "acc_1"], query: [(name, value)])

        #expect(violations.first?.rule == rule)
        #expect(violations.first?.pointer == "/query/\(name)")
    }

    @Test func `a parameter that comes twice is refused`() throws {
        let (_, violations) = try check("listAccounts", query: [("limit", "1"), ("limit", "1")])

        #expect(violations.map(\.rule) == ["repeated"])
    }

    @Test func `an id that is empty is refused`() throws {
        #expect(try check("getAccountBalance", path: ["account_id": ""]).1.map(\.pointer) == ["/path/account_id"])
    }

    /// One that could be none is answered as one that does not exist.
    @Test(arguments: ["acc_1", "a%0d%0aX: y", "a b", "x.y", String(repeating: "a", count: 65), "é"])
    func `an id of any characters is for the operation to look for`(id: String) throws {
        for (operation, parameter) in [
            ("getAccountBalance", "account_id"), ("getConsent", "consent_id"), ("getPayment", "payment_id"), ("getTransfer", "transfer_id"),
            ("getStandingOrder", "standing_order_id"), ("getBulkPayment", "bulk_payment_id"),
        ] {
            #expect(try check(operation, path: [parameter: id]).1 == [])
        }
    }

    @Test(arguments: ["", " ", "a b", "é", "a\u{7F}", String(repeating: "k", count: 41)])
    func `an idempotency key that is not 1 to 40 visible ASCII characters is refused`(key: String) throws {
        #expect(try check("createConsent", headers: ["Idempotency-Key": [key]]).1.map(\.pointer) == ["/header/Idempotency-Key"])
        #expect(try check("createConsent", headers: ["Idempotency-Key": ["a", "a"]]).1.map(\.rule) == ["repeated"])
    }

    @Test func `an answer is checked by status, media type and body`() throws {
        let operation = try #require(contract.operation("getAccountBalance"))
        let sound =
            #"{"account_id":"acc_1","booked":{"amount":"1.00","currency":"KES"},"available":{"amount":"1.00","currency":"KES"},"as_of":"2026-11-21T06:14:09Z"}"#
        func violations(_ status: Int, _ type: String?, _ body: String) -> [String] {
            operation.violations(ofResponse: status, mediaType: type, body: Array(body.utf8)).map(\.rule)
        }

        #expect(violations(200, "application/json", sound) == [])
        #expect(violations(418, "application/json", sound) == ["responses"])
        #expect(violations(200, "text/html", sound) == ["content"])
        #expect(violations(200, "application/json", sound.replacing("1.00", with: "1,00")) == ["pattern", "pattern"])
        #expect(violations(200, "application/json", "{") == ["json"])
        #expect(violations(401, "application/json", "{}") == ["content"])
        let end = try #require(contract.operation("deleteConsent"))
        #expect(end.violations(ofResponse: 204, mediaType: nil, body: []).isEmpty)
        #expect(end.violations(ofResponse: 204, mediaType: nil, body: [32]).map(\.rule) == ["content"])
    }
}
