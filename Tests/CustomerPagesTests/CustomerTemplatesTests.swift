import Foundation
import Pages
import Primitives
import SecondFactorPages
import TestSupport
import Testing

@testable import CustomerPages

@Suite("The customer's templates find every name")
struct CustomerTemplatesTests {
    private static let renderer: PageRenderer = {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../templates").path
        return PageRenderer(templates: try! Templates(directory: directory))  // the repository's own folder
    }()
    private static let errors: FormErrors = {
        var errors = FormErrors()
        errors.add(field: "username", "Enter your email or username")
        return errors
    }()
    private static let look = LookRow(when: "Today", who: "Acme Budget", what: "Balance", answer: "Given", isGiven: true, isRefused: false)
    private static let account = ConnectionsPage.AccountLine(name: "Everyday", number: "•••• 4417")

    private func expectAllFound(_ template: String, _ models: any Encodable..., sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(Self.renderer.unresolvedNames(in: template, contents: models).isEmpty, sourceLocation: sourceLocation)
    }

    @Test func `sign-in`() {
        let fields = SignInForm.fields(username: "<amina>", errors: Self.errors)
        let page = SignInPage(
            heading: "Sign in", lead: "", action: "/", next: "/my", csrf: "c", transaction: "t", asker: .init(name: "Acme", initials: "A"),
            errors: Self.errors.summary, delay: "wait", message: "hello", username: fields.username, password: fields.password, sandboxHint: true)

        expectAllFound("customer/sign-in", page)
        let html = Self.renderer.text("customer/sign-in", page, shell: Shell(audience: .customer, title: "Sign in", isError: true))
        #expect(html.contains("<title>Error: Sign in · Wekeza</title>") && html.contains("&lt;amina&gt;"))
    }

    @Test func `connections`() {
        let page = ConnectionsPage(
            lead: "", stopped: "Acme",
            connections: [
                .init(
                    id: "cns_1", app: "Acme", firm: "Acme Ltd", initials: "A", sees: "", accounts: [Self.account], hasAccounts: true, since: "", until: "",
                    left: "", lastLooked: "", isEndingSoon: true, isPayment: true, csrf: "c")
            ], hasConnections: true, offersDemo: true,
            acquaintances: [.init(id: "grt_1", app: "Acme", firm: "", initials: "", knows: "", since: "", csrf: "")], hasAcquaintances: true,
            looks: [Self.look], hasLooks: true, older: "/my/looks", past: [.init(text: "", when: "", consent: "")], hasPast: true, earlier: "/my/consents")

        expectAllFound("customer/connections", page)
    }

    @Test func `looks`() { expectAllFound("customer/looks", LooksPage(looks: [Self.look], hasLooks: true, older: "x", isFirst: false)) }

    @Test func `what happened before`() {
        expectAllFound("customer/past", PastPage(past: [.init(text: "", when: "", consent: "")], hasPast: true, older: "x", isFirst: false))
    }

    @Test func `receipt`() {
        let page = ReceiptPage(
            id: "cns_1", app: "", firm: "", initials: "", status: "", statusWords: "", isInForce: true, isPayment: true, usage: ["u"], hasUsage: true,
            items: [.init(title: "", detail: "d")], nots: ["n"],
            accounts: [Self.account], hasAccounts: true, since: "", until: "", csrf: "", steps: [.init(text: "", when: "")], looks: [Self.look],
            hasLooks: true, printed: "")

        expectAllFound("customer/receipt", page)
    }

    @Test func `payments`() {
        let payment = PaymentsPage.Row(
            id: "pay_1", amount: "", creditor: "", account: "", reference: "", app: "", from: "", when: "", status: "", day: "d", isSettled: true,
            isRejected: true, mayCancel: true)
        let order = PaymentsPage.Order(
            id: "sto_1", amount: "", creditor: "", account: "", reference: "", app: "", from: "", plan: "", status: "", next: "n", mayCancel: true)
        let bulk = PaymentsPage.BulkRow(
            id: "blk_1", amount: "", payments: "", address: "", app: "", from: "", when: "", status: "", reference: "r", isSettled: true, isRejected: true,
            mayCancel: true)
        let page = PaymentsPage(
            heading: "", isFirst: true, message: "m", open: [payment], openBulks: [bulk], hasOpen: true, orders: [order], hasOrders: true, payments: [payment],
            hasPayments: true, bulks: [bulk], hasBulks: true, endedOrders: [order], hasEndedOrders: true, olderPayments: "o", olderBulks: "o",
            olderOrders: "o", hasNothing: true, csrf: "c")

        expectAllFound("customer/payments", page)
    }

    @Test func `payees`() {
        let page = PayeesPage(
            heading: "", lead: "",
            rows: [.init(number: "1", amount: "", creditor: "", account: "", reference: "", status: "s", isSettled: true, isRejected: true)], hasStatus: true,
            first: "f", next: "n", back: "b")

        expectAllFound("customer/payees", page)
    }

    @Test func `security`() {
        let page = SecurityPage(
            sessions: [.init(id: "ses_1", since: "", lastSeen: "", address: "", isThis: false)], hasOthers: true, hasSecondFactor: false, csrf: "",
            errors: Self.errors.summary,
            delay: "d", message: "m", current: .password("current", "Current password", hint: "h", errors: Self.errors),
            chosen: .password("chosen", "New password"),
            signInName: "amina")

        expectAllFound("customer/security", page)
    }

    @Test func `the offer to turn on two-step sign-in`() {
        let page = SecondFactorOfferPage(
            asker: .init(name: "Acme", initials: "A", leaveAddress: "/"), lead: "", csrf: "", onward: "", withoutAddress: "/", withoutLabel: "Go on without")

        expectAllFound("second-factor/offer", page)
    }

    @Test func `a pause is told in words`() {
        #expect(SignInPage.delayWords(until: Timestamp(seconds: 30), now: .epoch).contains("in 31 seconds"))
        #expect(SignInPage.delayWords(until: Timestamp(seconds: 600), now: .epoch).contains("in 11 minutes"))
    }
}
