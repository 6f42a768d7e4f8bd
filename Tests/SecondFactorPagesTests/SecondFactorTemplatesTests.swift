import Foundation
import Identity
import Mail
import Pages
import Primitives
import TestSupport
import Testing

@testable import SecondFactorPages

@Suite("The templates about second factors find every name")
struct SecondFactorTemplatesTests {
    private static let renderer: PageRenderer = {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../templates").path
        return PageRenderer(templates: try! Templates(directory: directory))  // the repository's own folder
    }()
    private static let errors: FormErrors = {
        var errors = FormErrors()
        errors.add(field: "code", "Enter the one-time code")
        return errors
    }()
    private static let shell = Shell(audience: .customer, title: "Second step")

    private func expectAllFound(_ template: String, _ models: any Encodable..., sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(Self.renderer.unresolvedNames(in: template, contents: models).isEmpty, sourceLocation: sourceLocation)
    }

    private func codePage(isRecovery: Bool, isDemo: Bool = false) -> CodePage {
        CodePage(
            address: "/my/sign-in/code", action: "/my/sign-in/code", restart: "/my/sign-in", isRecovery: isRecovery, csrf: "c", transaction: "t",
            asker: .init(name: "<Acme>", initials: "A", leaveAddress: "/leave"), errors: Self.errors, wait: Wait(until: Timestamp(seconds: 30), seenAt: .epoch),
            isDemo: isDemo)
    }

    @Test func `the code`() {
        expectAllFound("second-factor/code", codePage(isRecovery: false), codePage(isRecovery: true))
        let code = Self.renderer.text("second-factor/code", codePage(isRecovery: false, isDemo: true), shell: Self.shell)
        let recovery = Self.renderer.text("second-factor/code", codePage(isRecovery: true, isDemo: true), shell: Self.shell)

        #expect(code.contains(">One-time code</label>") && code.contains("autocomplete=\"one-time-code\"") && code.contains("inputmode=\"numeric\""))
        #expect(code.contains("href=\"/my/sign-in/code?recovery=1\"") && code.contains("/demo/mailbox") && code.contains("in 31 seconds"))
        #expect(recovery.contains(">Recovery code</label>") && recovery.contains("name=\"recovery\"") && !recovery.contains("/demo/mailbox"))
        #expect(code.contains("&lt;Acme&gt;"))
    }

    @Test func `turning on`() {
        let page = TurnOnPage(
            errors: Self.errors.summary, delay: "wait", home: "/", size: 29, path: "M4 4.5h7", address: "otpauth://totp/x", key: "ABCD", account: "amina",
            username: "amina", password: .password("password", "Current password"), code: CodePage.field(errors: Self.errors), onward: "/o", isDemo: true)

        expectAllFound("second-factor/turn-on", page)
    }

    @Test func `recovery codes`() { expectAllFound("second-factor/recovery-codes", RecoveryCodesPage(codes: ["ABCD"], nextAddress: "/", nextLabel: "On")) }

    @Test func `on and off`() {
        let page = FactorHomePage(
            message: "m", errors: Self.errors.summary, delay: "d", home: "/", originAddress: "/my/security", originTitle: "Security", isOn: true,
            since: "Today",
            codesLeft: "3 left", hasFewCodes: true, code: CodePage.field(errors: Self.errors), onward: "/o")

        expectAllFound("second-factor/home", page)
    }

    @Test(arguments: FactorNews.allCases) func `each change is told by mail, where there is an address`(news: FactorNews) throws {
        func person(_ email: String?) -> Person {
            Person(
                id: PersonID(trusted: "usr_1"), population: .customer, world: nil, signInName: "amina", name: "Amina Traveler", givenName: "Amina",
                email: email,
                emailConfirmedAt: nil, phone: nil, createdAt: .epoch, disabledAt: nil)
        }

        let message = try #require(news.message(to: person("amina@example.test"), home: "https://bank.example/my/security/second-factor", at: .epoch))

        #expect(message.to == "amina@example.test" && message.subject == news.subject)
        #expect(message.text.hasPrefix("Hello Amina,") && message.text.contains("https://bank.example/my/security/second-factor"))
        #expect(news.message(to: person(nil), home: "", at: .epoch) == nil)
    }
}
