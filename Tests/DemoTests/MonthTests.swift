import Foundation
import Pages
import Primitives
import TestSupport
import Testing

@testable import Demo

@Suite("Financial Copilot's month")
struct MonthTests {
    static let now = Timestamp(iso8601: "2026-11-21T06:14:09Z") ?? .epoch

    static func transaction(
        _ amount: String, _ category: String?, direction: String = "debit", currency: String = "KES", status: String = "booked", id: String = "txn_1",
        at bookedAt: String = "2026-11-20T17:02:11Z"
    ) -> Transaction {
        Transaction(
            id: id, direction: direction, status: status, booked_at: bookedAt, amount: Amount(amount: amount, currency: currency),
            description: "Card purchase", counterparty: "Naivas", category: category)
    }

    @Test func `sums what came in and what went where, per currency`() {
        let transactions = [
            Self.transaction("100.50", "groceries"), Self.transaction("49.50", "groceries"), Self.transaction("900.00", "salary", direction: "credit"),
            Self.transaction("7.00", "groceries", currency: "USD"),
        ]

        let sums = MonthSums.of(transactions, currencies: [.kes, .usd])

        #expect(sums[0].moneyIn == 90000 && sums[0].moneyOut == 15000)
        #expect(sums[0].byCategory == ["groceries": 15000])
        #expect(sums[1].moneyOut == 700)
    }

    @Test func `money put aside is neither earned nor spent`() {
        let sums = MonthSums.of([Self.transaction("50.00", "savings"), Self.transaction("50.00", "savings", direction: "credit")], currencies: [.kes])

        #expect(sums[0].moneyIn == 0 && sums[0].moneyOut == 0 && sums[0].moved == 5000)
    }

    @Test func `what moves between two shared accounts is neither earned nor spent`() {
        let both = [
            Self.transaction("88000.00", "transfer", id: "txn_1"), Self.transaction("88000.00", "transfer", direction: "credit", id: "txn_2"),
            Self.transaction("6000.00", "transfer", id: "txn_3"),
        ]

        let sums = MonthSums.of(both, currencies: [.kes])

        #expect(sums[0].moneyIn == 0 && sums[0].moneyOut == 600_000 && sums[0].moved == 8_800_000)
        #expect(sums[0].byCategory == ["transfer": 600_000])
    }

    @Test func `a transfer whose other end is not shared counts, and so do two that only look alike`() {
        let out = Self.transaction("88000.00", "transfer", id: "txn_1")
        let later = Self.transaction("88000.00", "transfer", direction: "credit", id: "txn_2", at: "2026-11-20T17:02:12Z")
        let dollars = Self.transaction("88000.00", "transfer", direction: "credit", currency: "USD", id: "txn_3")
        let present = Self.transaction("88000.00", "income", direction: "credit", id: "txn_4")

        let alone = MonthSums.of([out], currencies: [.kes])
        let alike = MonthSums.of([out, later, dollars, present], currencies: [.kes, .usd])

        #expect(alone[0].moneyOut == 8_800_000 && alone[0].moved == 0)
        #expect(alike[0].moneyOut == 8_800_000 && alike[0].moneyIn == 2 * 8_800_000 && alike[0].moved == 0)
        #expect(alike[1].moneyIn == 8_800_000)
    }

    @Test func `absurd amounts do not trap`() {
        let huge = Array(repeating: Self.transaction("9999999999999.99", "rent"), count: 20000)

        #expect(MonthSums.of(huge, currencies: [.kes])[0].moneyOut == .max)
        #expect(MonthSums.of([Self.transaction("x", nil), Self.transaction("1.00", nil, currency: "XXX")], currencies: [.kes])[0].moneyOut == 0)
    }

    @Test(arguments: ["2026-13", "2026-00", "26-11", "2026-1", "", "2026-11-01", "9999999-1", "a-b"]) func `a month that is none is refused`(text: String) {
        #expect(CalendarMonth(text) == nil)
    }

    @Test func `months know their days and their neighbours`() {
        let month = CalendarMonth("2028-02")

        #expect(month?.first.description == "2028-02-01" && month?.last.description == "2028-02-29")
        #expect(month?.adding(months: -2).text == "2027-12")
        #expect(CalendarMonth.choices(at: Self.now).map(\.text) == ["2026-11", "2026-10", "2026-09", "2026-08", "2026-07", "2026-06"])
    }
}

@Suite("Financial Copilot's protocol")
struct DemoProtocolTests {
    private func idToken(_ claims: String) -> String { "e30.\(Base64URL.encode(Array(claims.utf8))).sig" }

    @Test func `an ID token must be for this client, from this issuer, for this request, and in time`() {
        let claims = IDTokenClaims(token: idToken(#"{"iss":"http://x","sub":"usr_1","aud":["acme-budget"],"exp":4000000000,"nonce":"n"}"#))

        #expect(claims?.isFor("acme-budget", from: "http://x", nonce: "n", at: MonthTests.now) == true)
        #expect(claims?.isFor("other", from: "http://x", nonce: "n", at: MonthTests.now) == false)
        #expect(claims?.isFor("acme-budget", from: "http://y", nonce: "n", at: MonthTests.now) == false)
        #expect(claims?.isFor("acme-budget", from: "http://x", nonce: "m", at: MonthTests.now) == false)
        #expect(claims?.isFor("acme-budget", from: "http://x", nonce: "n", at: Timestamp(seconds: 4_000_000_001)) == false)
    }

    @Test(arguments: ["", "a.b", "a.b.c.d", "e30.!!.x", "e30.e30.x"]) func `what is no ID token reads as none`(token: String) {
        #expect(IDTokenClaims(token: token) == nil)
    }

    @Test func `a flow is answered once, within the hour, and three tabs fit`() {
        var flows = Flows()
        let all = (0..<4).map { _ in Flow(consentID: "cns_1", randomness: SystemRandom(), at: MonthTests.now) }
        for flow in all { flows.add(flow) }

        #expect(flows.take(state: all[0].state, at: MonthTests.now) == nil)
        #expect(flows.take(state: all[3].state, at: MonthTests.now)?.nonce == all[3].nonce)
        #expect(flows.take(state: all[3].state, at: MonthTests.now) == nil)
        #expect(flows.take(state: all[2].state, at: MonthTests.now + .hours(2)) == nil)
    }
}

@Suite("Financial Copilot's templates")
struct DemoTemplatesTests {
    static let renderer: PageRenderer = {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../templates").path
        return PageRenderer(templates: try! Templates(directory: directory))  // the repository's own folder
    }()

    @Test func `the month finds every name`() {
        let account = Account(id: "acc_1", name: "Everyday", kind: "current", currency: "KES", masked_number: "•••• 4417", status: "open")
        let connection = Connection(
            consentID: "cns_1", name: "Amina", connectedAt: MonthTests.now, accessToken: "a", accessTokenExpiresAt: MonthTests.now, refreshToken: nil)
        let page = MonthPage(
            connection: connection, month: CalendarMonth(of: MonthTests.now), accounts: [(account, nil)],
            transactions: [MonthTests.transaction("10.00", "eating_out"), MonthTests.transaction("5.00", "exchange")],
            calls: [.init(method: "GET", path: "/v1/accounts", status: 200, milliseconds: 3, requestID: "req_1")], now: MonthTests.now)

        #expect(Self.renderer.unresolvedNames(in: "demo/month", contents: [page]).isEmpty)
        let html = Self.renderer.text("demo/month", page, shell: Shell(audience: .visitor, title: "Month"))
        #expect(html.contains("Eating out") && html.contains("KES 10.00") && html.contains("Not shared"))
    }

    @Test(arguments: ["demo/start", "demo/explanation", "demo/ended", "demo/mailbox"]) func `every other page finds every name`(template: String) {
        let everything = Dictionary(
            uniqueKeysWithValues: [
                "months", "heading", "lead", "button", "code", "detail", "status", "requestID", "consentID", "consentStatus", "name", "mails", "hasMails",
                "id", "to", "subject", "sentAt", "parts", "text", "link", "phones",
                "hasPhones", "secondsLeft", "method", "action",
            ].map { ($0, "x") })

        #expect(Self.renderer.unresolvedNames(in: template, contents: [everything]).isEmpty)
    }

    @Test func `the bills find every name, with and without a mistake`() {
        var errors = FormErrors()
        errors.add(field: "bill", "Choose the bill to pay.")
        for errors in [FormErrors(), errors] {
            let page = BillsPage(
                bills: Choices("bill", "Which bill?", options: [("power", "Kenya Power", "Reference: Bill 77")], chosen: [], errors: errors),
                scenario: .select("scenario", "What is to happen?", options: [.init(value: "held", label: "held", isSelected: true)], errors: errors),
                errors: errors.summary)
            #expect(Self.renderer.unresolvedNames(in: "demo/bills", contents: [page]).isEmpty)
        }
    }

    @Test func `the payment finds every name, on its way and refused`() {
        let refusal = PaymentOrder.Refusal(status: 422, code: "insufficient_funds", text: "There is not enough.", requestID: "req_1")
        let pages = [nil, refusal].map { refusal in
            PaymentPage(
                heading: "On its way", lead: "Wekeza accepted it.", amount: "KES 640.00", creditor: "Nairobi Water", reference: "Meter", consentID: "cns_1",
                scenario: "held", paymentID: refusal == nil ? "pay_1" : nil,
                steps: refusal == nil ? [.init(status: "accepted", code: "ACSP", words: "checks passed", when: "today")] : [], refusal: refusal,
                isOnItsWay: refusal == nil, isWatching: true, canSendAgain: refusal != nil)
        }

        #expect(Self.renderer.unresolvedNames(in: "demo/payment", contents: pages).isEmpty)
        for (page, text) in zip(pages, ["checks passed", "insufficient_funds"]) {
            #expect(Self.renderer.text("demo/payment", page, shell: Shell(audience: .visitor, title: "Payment")).contains(text))
        }
    }
}
