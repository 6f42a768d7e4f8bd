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

@Suite("Scheduled payments and standing orders over HTTP")
struct OrderTests {
    @Test(arguments: Engine.available) func `a payment for a later day is made on that day, and can be cancelled until then`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let day = #","execution_date":"\#(server.inDays(3))""#
            var made: [String] = []
            for _ in 0..<2 {
                let (consent, token) = try await server.approved("payment", Bill().members + day, for: app)
                try await server.create("/v1/payments", Bill().members, under: consent, token: token)
                    .isRefused(.unprocessableContent, .paymentDiffers, rule: "dynamic_linking", by: "createPayment")
                let answer = try await server.create("/v1/payments", Bill().members + day, under: consent, token: token)
                answer.keeps("createPayment")
                #expect(answer.json["status"] as? String == "scheduled" && answer.json["status_code"] as? String == "ACTC", "\(answer.text)")
                made.append(answer.json["id"] as? String ?? "")
            }
            let bearer: HTTPFields = [.authorization: "Bearer \(try await server.paymentsToken(app))"]
            let cancelled = try await server.send(.delete, "/v1/payments/\(made[0])", headers: bearer)
            cancelled.keeps("cancelPayment")
            #expect(cancelled.status == .ok && cancelled.json["status"] as? String == "cancelled")
            #expect(try await server.send(.delete, "/v1/payments/\(made[0])", headers: bearer).status == .ok)

            server.clock.advance(by: .days(3))
            try await server.workPayments()
            let fresh: HTTPFields = [.authorization: "Bearer \(try await server.paymentsToken(app))"]
            let paid = try await server.get("/v1/payments/\(made[1])", headers: fresh)
            let timeline = (paid.json["timeline"] as? [[String: String]])?.compactMap { $0["status"] } ?? []
            #expect(timeline.starts(with: ["scheduled", "received"]) && timeline.count == 3, "\(paid.text)")
            #expect(try await server.get("/v1/payments/\(made[0])", headers: fresh).json["status"] as? String == "cancelled")

            if timeline.last == "accepted" {
                let late = try await server.send(.delete, "/v1/payments/\(made[1])", headers: fresh)
                late.isRefused(.unprocessableContent, .notCancellable, rule: "payment_status", by: "cancelPayment")
            }
        }
    }

    @Test(arguments: Engine.available, ["2020-01-01", "2026-02-30", "today", "in two years"])
    func `a day that has passed, is none, is today's or is too far is refused`(engine: Engine, day: String) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let date = ["today": server.inDays(0), "in two years": server.inDays(730)][day] ?? day
            let refusal = try await server.lodge("payment", Bill().members + #","execution_date":"\#(date)""#, app)
            refusal.isRefused(.badRequest, .invalidRequest, by: "createConsent")
            #expect(refusal.violations.first?["pointer"] == "/payment/execution_date")
        }
    }

    @Test(arguments: Engine.available) func `an order whose first day is over is refused by it, and its consent stays`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let order = Bill().members + #","frequency":"daily","first_date":"\#(server.inDays(1))""#
            let end = #","expires_at":"\#((server.clock.now + .days(30)).rfc3339)""#
            let consent = try await server.lodge("standing_order", order, app, more: end).json["id"] as? String ?? ""
            let tokens = try await server.tokens(for: app, server.detail(consent))
            server.clock.advance(by: .days(2))
            let token = try await server.refresh(tokens.refresh, by: app).json["access_token"] as? String ?? ""

            let refused = try await server.create("/v1/standing-orders", order, under: consent, token: token)

            refused.isRefused(.unprocessableContent, .paymentDiffers, rule: "day", by: "createStandingOrder")
            #expect(refused.violations.first?["pointer"] == "/first_date")
            #expect(refused.violations.first?["expected"] == "\(server.inDays(0)) or a later day")
            let status = try await server.consentStatus(consent, app)
            #expect(status == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `a standing order pays on its days, and stops when it is cancelled`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let plan = #","frequency":"weekly","first_date":"\#(server.inDays(1))""#
            let (consent, token) = try await server.approved("standing_order", Bill().members + plan, for: app)
            let refused = try await server.create(
                "/v1/standing-orders", Bill().members + plan.replacing("weekly", with: "monthly"), under: consent, token: token)
            refused.isRefused(.unprocessableContent, .paymentDiffers, by: "createStandingOrder")
            #expect(refused.violations.first?["pointer"] == "/frequency")

            let order = try await server.create("/v1/standing-orders", Bill().members + plan, under: consent, token: token, key: "once")
            #expect(order.status == .created, "\(order.text)")
            order.keeps("createStandingOrder")
            let again = try await server.create("/v1/standing-orders", Bill().members + plan, under: consent, token: token, key: "once")
            #expect(again.text == order.text)
            #expect(order.json["next_date"] as? String == server.inDays(1))
            #expect(try await server.consentStatus(consent, app) == "consumed")

            server.clock.advance(by: .days(1))
            try await server.workPayments()
            let payments = try await server.payments(app)
            #expect(payments.count == 1 && payments.first?["standing_order_id"] as? String == order.json["id"] as? String)

            let id = order.json["id"] as? String ?? ""
            let bearer: HTTPFields = [.authorization: "Bearer \(try await server.paymentsToken(app))"]
            let ended = try await server.send(.delete, "/v1/standing-orders/\(id)", headers: bearer)
            ended.keeps("cancelStandingOrder")
            #expect(ended.json["status"] as? String == "cancelled" && ended.json["ended_by"] as? String == "partner")
            let read = try await server.get("/v1/standing-orders/\(id)", headers: bearer)
            read.keeps("getStandingOrder")
            #expect(read.json["payments_made"] as? Int == 1 && read.json["next_date"] == nil)
            let list = try await server.get("/v1/standing-orders", headers: bearer)
            list.keeps("listStandingOrders")

            server.clock.advance(by: .days(30))
            try await server.workPayments()
            #expect(try await server.payments(app).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `another app's payment and order can be neither read nor cancelled`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let plan = #","frequency":"daily","first_date":"\#(server.inDays(1))""#
            let (consent, token) = try await server.approved("standing_order", Bill().members + plan, for: app)
            let id = try await server.create("/v1/standing-orders", Bill().members + plan, under: consent, token: token).json["id"] as? String ?? ""
            let bearer: HTTPFields = [.authorization: "Bearer \(try await server.paymentsToken(other))"]

            try await server.get("/v1/standing-orders/\(id)", headers: bearer).isRefused(.notFound, .notFound, by: "getStandingOrder")
            try await server.send(.delete, "/v1/standing-orders/\(id)", headers: bearer).isRefused(.notFound, .notFound, by: "cancelStandingOrder")
            try await server.send(.delete, "/v1/payments/pay_unknown", headers: bearer).isRefused(.notFound, .notFound, by: "cancelPayment")
        }
    }
}
