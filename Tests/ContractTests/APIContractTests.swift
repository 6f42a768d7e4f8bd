import Contract
import Foundation
import Testing

@Suite("The contract")
struct APIContractTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../openapi").standardized.path
    /// Read once for all tests.
    private static let read = Result { try APIContract(directory: folder) }
    private let contract: APIContract

    init() throws { contract = try Self.read.get() }

    @Test func `every operation of the API is there`() {
        let guarded = contract.operations.filter { $0.access != nil }.map { "\($0.method) \($0.path)" }

        #expect(
            Set(guarded) == [
                "GET /v1/accounts", "GET /v1/accounts/{account_id}/balance", "GET /v1/accounts/{account_id}/transactions",
                "GET /v1/accounts/{account_id}/details", "POST /v1/consents", "GET /v1/consents", "GET /v1/consents/{consent_id}",
                "DELETE /v1/consents/{consent_id}", "POST /v1/payments", "GET /v1/payments", "GET /v1/payments/{payment_id}",
                "GET /sandbox/v1/scenarios", "GET /sandbox/v1/customers", "POST /sandbox/v1/consents/{consent_id}/authorisation",
                "POST /sandbox/v1/consents/{consent_id}/revocation",
                "DELETE /v1/payments/{payment_id}", "POST /v1/transfers", "GET /v1/transfers", "GET /v1/transfers/{transfer_id}",
                "DELETE /v1/transfers/{transfer_id}", "DELETE /v1/bulk-payments/{bulk_payment_id}",
                "POST /v1/standing-orders", "GET /v1/standing-orders", "GET /v1/standing-orders/{standing_order_id}",
                "DELETE /v1/standing-orders/{standing_order_id}", "POST /v1/funds-confirmations",
                "POST /v1/bulk-payments", "GET /v1/bulk-payments", "GET /v1/bulk-payments/{bulk_payment_id}",
                "POST /v1/bulk-payments/{bulk_payment_id}/execution", "GET /v1/bulk-payments/{bulk_payment_id}/payments",
            ])
    }

    @Test func `every guarded operation names its scope, takes a token, and tells its refusals`() {
        for operation in contract.operations where operation.access != nil {
            #expect(operation.needsToken, "\(operation.id)")
            let statuses = Set(operation.responses.map(\.status))
            #expect(statuses.isSuperset(of: [400, 401, 403, 406, 429, 500, 503]), "\(operation.id)")
            #expect(!operation.summary.isEmpty)
        }
    }

    @Test func `every example keeps the schema it stands beside`() {
        for operation in contract.operations {
            for parameter in operation.parameters {
                if let example = parameter.example { #expect(parameter.schema.violations(of: example) == [], "\(operation.id) \(parameter.name)") }
            }
            let contents = (operation.requestBody?.contents ?? []) + operation.responses.flatMap(\.contents)
            for content in contents {
                if let example = content.example { #expect(content.schema.violations(of: example) == [], "\(operation.id) \(content.mediaType)") }
            }
        }
    }

    @Test func `every operation with a body in its success shows an example`() {
        for operation in contract.operations where operation.access != nil && operation.id != "listConsents" {
            for response in operation.responses where response.status < 300 {
                #expect(response.contents.allSatisfy { $0.example != nil }, "\(operation.id) \(response.status)")
            }
        }
    }

    @Test func `schemas keep their names for the reference page`() throws {
        let balance = try #require(contract.operation("getAccountBalance")?.responses.first { $0.status == 200 }?.contents.first)
        guard case .object(let rules) = balance.schema.kind else {
            Issue.record("no object")
            return
        }

        #expect(balance.schema.name == "Balance")
        #expect(rules.properties.map(\.name) == ["account_id", "booked", "available", "as_of"])
        #expect(rules["booked"]?.schema.name == "Amount")
    }

    @Test(arguments: [
        ("operationId: x\nsummary: s\nresponses: {}\nsecret: 1", "secret is not understood"),
        ("operationId: x\nsummary: s\nresponses: {}", "the path names"),
        ("operationId: x\nresponses: {}", "summary is missing"),
        ("operationId: x\nsummary: s\nresponses: { ok: { description: d } }", "a status is a number"),
        ("operationId: x\nsummary: s\nparameters: [{ name: id, in: cookie, schema: { type: string } }]\nresponses: {}", "parameters are in"),
        ("operationId: x\nsummary: s\nparameters: [{ $ref: '#/components/none' }]\nresponses: {}", "names nothing"),
        ("operationId: x\nsummary: s\nparameters: [{ $ref: 'other.yaml#/a' }]\nresponses: {}", "there is no file"),
        ("operationId: x\nsummary: s\nparameters: [{ name: id, in: path, schema: { type: string, pattern: 'a.*' } }]\nresponses: {}", "pattern"),
        ("operationId: x\nsummary: s\nparameters: [{ name: id, in: path, schema: { type: string, format: email } }]\nresponses: {}", "format"),
        ("operationId: x\nsummary: s\nparameters: [{ name: id, in: path, schema: { type: string, not: {} } }]\nresponses: {}", "not is not understood"),
    ])
    func `what the reader does not understand stops the start, and says where`(lines: String, reason: String) {
        do {
            _ = try APIContract(files: ["a.yaml": Documents.withOperation(lines)])
            Issue.record("read: \(lines)")
        } catch {
            #expect("\(error)".contains(reason), "\(error)")
        }
    }

    @Test(arguments: ["", "- a", "a: [", "openapi: 3.1.0", "a: 1\na: 2"])
    func `a file that is no contract stops the start`(text: String) {
        #expect(throws: (any Error).self) { try APIContract(files: ["a.yaml": text]) }
    }

    @Test func `an operationId belongs to one operation`() {
        let text = Documents.withOperation(
            "operationId: x\nsummary: s\nparameters: [{ name: id, in: path, required: true, schema: { type: string } }]\nresponses: {}")

        #expect(throws: ContractError.self) { try APIContract(files: ["a.yaml": text, "b.yaml": text]) }
    }

    @Test func `an empty folder stops the start`() {
        #expect(throws: ContractError.self) { try APIContract(directory: "/nonexistent") }
    }
}
