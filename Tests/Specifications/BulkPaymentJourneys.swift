import Foundation
import HTTPTypes
import HummingbirdTesting
import Primitives
import Web

/// A file of payments as an app uploads it.
struct BulkFile {
    var payments = [
        Bill(amount: "100.00", reference: "Salary 1"), Bill(amount: "200.00", name: "Nairobi Water", account: "NWSC-119-204", reference: "Salary 2"),
    ]
    var count: Int?
    var total = "300.00"
    var more = ""

    var text: String {
        let header = #"{"count":\#(count ?? payments.count),"total":{"amount":"\#(total)","currency":"KES"},"reference":"Salaries"\#(more)}"#
        return ([header] + payments.map { "{\($0.members)}" }).joined(separator: "\n")
    }
}

extension TestServer {
    func upload(_ text: String, _ app: TestApp, type: String = "application/x-ndjson", key: String? = UUID().uuidString) async throws -> TestResponse {
        try await upload(text, token: paymentsToken(app), type: type, key: key)
    }

    func upload(_ text: String, token: String, type: String = "application/x-ndjson", key: String? = UUID().uuidString) async throws -> TestResponse {
        var headers: HTTPFields = [.authorization: "Bearer \(token)", .contentType: type]
        headers[.idempotencyKey] = key
        return try await send(.post, "/v1/bulk-payments", headers: headers, body: text)
    }

    /// An uploaded file, and the token that the customer approved for it.
    func approved(_ file: BulkFile, for app: TestApp) async throws -> (id: String, consent: String, token: String) {
        let uploaded = try await upload(file.text, app)
        let consent = uploaded.json["consent_id"] as? String ?? ""
        return (uploaded.json["id"] as? String ?? "", consent, try await tokens(for: app, detail(consent)).access)
    }

    func execute(_ id: String, token: String, key: String? = UUID().uuidString) async throws -> TestResponse {
        try await call("/v1/bulk-payments/\(id)/execution", token: token, method: .post, headers: key.map { [.idempotencyKey: $0] } ?? [:])
    }

    func bulk(_ id: String, _ app: TestApp) async throws -> TestResponse { try await call("/v1/bulk-payments/\(id)", token: paymentsToken(app)) }

    func bulks(_ app: TestApp) async throws -> [[String: Any]] {
        try await call("/v1/bulk-payments", token: paymentsToken(app)).json["data"] as? [[String: Any]] ?? []
    }
}

extension TestResponse {
    var timeline: [String] { (json["timeline"] as? [[String: Any]])?.compactMap { $0["status"] as? String } ?? [] }
}
