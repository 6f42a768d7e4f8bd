import Testing

@testable import Pages

@Suite("What templates see of a model")
struct TemplateFieldsTests {
    private struct Account {
        let name: String
        let note: String?
        let number: Number
    }

    private struct Number: CustomStringConvertible {
        let digits: String
        var description: String { "No. \(digits)" }
    }

    private struct Page {
        let title: String
        let note: String
        let isOpen: Bool
        let count: Int
        let accounts: [Account]
        let first: Account?
        let none: Account?
    }

    private let page = Page(
        title: "Accounts", note: "outer", isOpen: true, count: 2,
        accounts: [Account(name: "Main", note: "inner", number: Number(digits: "1")), Account(name: "Savings", note: nil, number: Number(digits: "2"))],
        first: Account(name: "Main", note: nil, number: Number(digits: "1")), none: nil)

    @Test(arguments: [
        ("{{title}} {{count}}", "Accounts 2"),
        ("{{#accounts}}{{name}};{{/accounts}}", "Main;Savings;"),
        ("{{#isOpen}}open{{/isOpen}}{{^isOpen}}closed{{/isOpen}}", "open"),
        ("{{#first}}{{name}}{{/first}}{{#none}}never{{/none}}{{^none}}none{{/none}}", "Mainnone"),
        ("{{first.name}}", "Main"),
        // A value with fields that prints itself.
        ("{{#accounts}}{{number}} {{/accounts}}", "No. 1 No. 2 "),
        // A field that holds nothing is looked for further out.
        ("{{#accounts}}{{note}} {{/accounts}}", "inner outer "),
        ("{{missing}}", ""),
    ])
    func `names, sections, lists and what is not there`(template: String, text: String) throws {
        let templates = try Templates(sources: ["page": template])

        #expect(templates.render("page", try #require(TemplateFields.read(page))) == text)
        // As the engine itself reflects.
        #expect(templates.render("page", page) == text)
    }
}
