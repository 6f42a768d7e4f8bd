import Foundation
import Primitives
import TestSupport
import Testing

@testable import Pages

@Suite("Forms")
struct FormsTests {
    private func render(_ partial: String, _ value: any Encodable) throws -> String { try Templates(directory: TemplatesTests.directory).text(partial, value) }

    @Test func `a field shows its label, hint, value and mistake, joined by ids`() throws {
        var errors = FormErrors()
        errors.add(field: "email", "Enter your work email")
        let field = Field.email("email", "Work email", value: "a\"b", hint: "We send a link there", errors: errors)

        let html = try render("partials/field", field)

        #expect(html.contains("<label class=\"field__label\" for=\"email\">Work email</label>"))
        #expect(html.contains("aria-describedby=\"email-hint email-error\""))
        #expect(html.contains("aria-invalid=\"true\""))
        #expect(html.contains("Enter your work email"))
        #expect(html.contains("id=\"email-hint\""))
        #expect(!html.contains("value=\"a\"b\""))
    }

    @Test func `a field without mistakes says nothing about any, whatever surrounds it`() throws {
        struct Page: Encodable { let error: String; let field: Field }
        let templates = try Templates(sources: [
            "page": "{{#field}}{{>partials/field}}{{/field}}",
            "partials/field": String(contentsOfFile: "\(TemplatesTests.directory)/partials/field.mustache", encoding: .utf8),
        ])

        let html = templates.text("page", Page(error: "another one's", field: .text("name", "Name")))

        #expect(!html.contains("another one"))
        #expect(!html.contains("aria-invalid"))
    }

    @Test func `a password never comes back`() throws {
        let html = try render("partials/field", Field.password("password", "Password"))

        #expect(html.contains("value=\"\"") && html.contains("autocomplete=\"current-password\""))
    }

    @Test func `the summary repeats the words and links to the fields`() throws {
        var errors = FormErrors()
        errors.add(field: "name", "Enter your name")
        errors.add(field: "name", "Second words about the same field")
        errors.add(field: "company", "Enter your company")

        let html = try render("partials/error-summary", #require(errors.summary))

        #expect(html.contains("<a href=\"#name\">Enter your name</a>"))
        #expect(html.contains("<a href=\"#company\">Enter your company</a>"))
        #expect(!html.contains("Second words"))
        #expect(FormErrors().summary == nil)
    }

    @Test func `choices carry the chosen one and lead the summary to the first`() throws {
        let choices = Choices(
            "kind", "What kind of app?", options: [("web", "Web server", "Keeps a secret"), ("native", "On a device", nil)], chosen: ["native"])

        let html = try render("partials/choices", choices)

        #expect(html.contains("id=\"kind\" name=\"kind\" value=\"web\""))
        #expect(html.contains("id=\"kind-2\" name=\"kind\" value=\"native\" checked"))
    }
}

@Suite("CSRF tokens")
struct CSRFTests {
    private let csrf = CSRF(rootKey: .test)

    @Test func `a token works for its own session only`() {
        let token = csrf.token(for: "ses_1")

        #expect(csrf.accepts(token, for: "ses_1"))
        #expect(!csrf.accepts(token, for: "ses_2"))
    }

    @Test(arguments: [nil, "", "x"]) func `nothing and nonsense are refused`(token: String?) {
        #expect(!csrf.accepts(token, for: "ses_1"))
    }

    @Test func `an empty key accepts nothing, not even its own token`() {
        #expect(!csrf.accepts(csrf.token(for: ""), for: ""))
    }
}

@Suite("Words")
struct WordsTests {
    private let now = Timestamp(iso8601: "2026-11-21T06:14:09Z") ?? .epoch

    @Test func `days and clocks are Nairobi's`() {
        #expect(now.dayAndClock == "21 November 2026, 09:14")
        #expect(Timestamp(iso8601: "2026-12-31T21:30:00Z")?.day == "1 January 2027")
    }

    @Test func `a moment is told from where the reader stands`() {
        #expect((now - .minutes(2)).moment(seenAt: now) == "Today, 09:12")
        #expect((now - .hours(12)).moment(seenAt: now) == "Yesterday, 21:14")
        #expect((now - .days(19)).moment(seenAt: now) == "2 November, 09:14")
        #expect((now - .minutes(2)).ago(seenAt: now) == "2 minutes ago")
        #expect((now + .days(90)).left(seenAt: now) == "90 days left")
        #expect((now - .days(1)).left(seenAt: now) == "0 minutes left")
    }

    @Test func `counts, lists and initials read as words`() {
        #expect(1_234_567.grouped == "1,234,567")
        #expect(1.of("app") == "1 app" && 3.of("app") == "3 apps")
        #expect(2.inWords("app") == "two apps")
        #expect(sentence(["a", "b", "c"]) == "a, b and c")
        #expect(initials(of: "Acme Budget for teams") == "AB" && initials(of: "") == "")
    }
}
