import Bank
import Foundation
import Gateway
import HTTPTypes
import HummingbirdTesting
import Identity
import OAuth
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing
import Web

extension TestServer {
    /// Lodges a consent of a type whose member bears its name.
    func lodge(_ type: String, _ member: String, _ app: TestApp, more: String = "") async throws -> TestResponse {
        try await call("/v1/consents", token: appToken(app), method: .post, json: #"{"type":"\#(type)","\#(type)":{\#(member)}\#(more)}"#)
    }

    /// A consent for it, and the token that the customer approved.
    func approved(_ type: String, _ member: String, for app: TestApp, more: String = "") async throws -> (consent: String, token: String) {
        let lodged = try await lodge(type, member, app, more: more)
        #expect(lodged.status == .created, "\(lodged.text)")
        lodged.keeps("createConsent")
        let consent = lodged.json["id"] as? String ?? ""
        return (consent, try await tokens(for: app, detail(consent)).access)
    }

    func create(_ path: String, _ members: String, under consent: String, token: String, key: String? = UUID().uuidString) async throws -> TestResponse {
        try await call(
            path, token: token, method: .post, json: #"{"consent_id":"\#(consent)",\#(members)}"#, headers: key.map { [.idempotencyKey: $0] } ?? [:])
    }

    func inDays(_ count: Int) -> String { BankCalendar.day(of: clock.now).adding(days: count).description }

    /// What the bank's job does each second.
    func workPayments() async throws {
        let process = PaymentProcess(database: database, deadline: .seconds(3))
        while try await process.executeDue(by: clock) > 0 {}
        try await database.write { _ = try PaymentBooks().settleDue(at: clock.now, in: $0) }
    }
}
