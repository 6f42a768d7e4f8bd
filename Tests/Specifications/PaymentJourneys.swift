import Applications
import Foundation
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Web

/// A bill of Kenya Power, as the app lodges and sends it.
struct Bill {
    var amount = "1250.00"
    var currency = "KES"
    var name = "Kenya Power"
    var account = "KPLC-882-001"
    var reference = "Bill 77"

    var members: String {
        #""amount":{"amount":"\#(amount)","currency":"\#(currency)"},"creditor":{"name":"\#(name)","account":"\#(account)"},"reference":"\#(reference)""#
    }
}

extension TestServer {
    func payingApp(_ plan: Plan = .free) async throws -> TestApp { try await register(scopes: ScopeSet(Scope.allCases), plan: plan) }

    func lodgePayment(_ bill: Bill, _ app: TestApp, more: String = "") async throws -> TestResponse {
        try await call("/v1/consents", token: appToken(app), method: .post, json: #"{"type":"payment","payment":{\#(bill.members)}\#(more)}"#)
    }

    func detail(_ consent: String) -> [(name: String, value: String)] {
        [("authorization_details", #"[{"type":"payment","consent_id":"\#(consent)"}]"#), ("scope", "openid")]
    }

    /// A consent for the bill, and the token that the customer approved for it.
    func approved(_ bill: Bill = Bill(), for app: TestApp) async throws -> (consent: String, token: String) {
        let consent = try await lodgePayment(bill, app).json["id"] as? String ?? ""
        return (consent, try await tokens(for: app, detail(consent)).access)
    }

    func pay(_ bill: Bill = Bill(), under consent: String, token: String, key: String? = UUID().uuidString) async throws -> TestResponse {
        try await call(
            "/v1/payments", token: token, method: .post, json: #"{"consent_id":"\#(consent)",\#(bill.members)}"#,
            headers: key.map { [.idempotencyKey: $0] } ?? [:])
    }

    /// The client's own token with the scope of its payments.
    func paymentsToken(_ app: TestApp) async throws -> String {
        try await token(app, [("grant_type", "client_credentials"), ("scope", "payments.write")]).json["access_token"] as? String ?? ""
    }

    func payments(_ app: TestApp) async throws -> [[String: Any]] {
        try await call("/v1/payments", token: paymentsToken(app)).json["data"] as? [[String: Any]] ?? []
    }

    func consentStatus(_ id: String, _ app: TestApp) async throws -> String? {
        try await call("/v1/consents/\(id)", token: appToken(app)).json["status"] as? String
    }
}
