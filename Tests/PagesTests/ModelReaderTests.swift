import Testing

@testable import Pages

@Suite("What templates see of a model")
struct ModelReaderTests {
    private struct Account: Encodable {
        let name: String
        let note: String?
        let kind: Kind
    }

    private enum Kind: String, Encodable {
        case current = "Current account"
        case savings = "Savings account"
    }

    private struct Page: Encodable {
        let title = "Accounts"
        let note = "outer"
        let isOpen = true
        let count = -2
        let share = 0.5
        let small: UInt8? = 7
        let accounts = [Account(name: "Main", note: "inner", kind: .current), Account(name: "Savings", note: nil, kind: .savings)]
        let words = ["a", nil, "b"]
        let flags = [true, false]
        let groups = [[1, 2], [], [3]]
        let first: Account? = Account(name: "Main", note: nil, kind: .current)
        let none: Account? = nil
        let isKnown: Bool? = nil
    }

    @Test(arguments: [
        ("{{title}} {{count}} {{share}} {{small}} {{isOpen}}", "Accounts -2 0.5 7 true"),
        ("{{#accounts}}{{name}};{{/accounts}}", "Main;Savings;"),
        ("{{#isOpen}}open{{/isOpen}}{{^isOpen}}closed{{/isOpen}}", "open"),
        ("{{#first}}{{name}}{{/first}}{{#none}}never{{/none}}{{^none}}none{{/none}}{{^isKnown}}unknown{{/isKnown}}", "Mainnoneunknown"),
        ("{{first.name}}", "Main"),
        // A value of a catalogue prints as its raw value.
        ("{{#accounts}}{{kind}} {{/accounts}}", "Current account Savings account "),
        // A field that holds nothing is looked for further out; an entry that holds nothing is none.
        ("{{#accounts}}{{note}} {{/accounts}}", "inner outer "),
        ("{{#words}}{{.}}{{/words}}", "ab"),
        ("{{#flags}}[{{.}}]{{/flags}}", "[true][false]"),
        ("{{#groups}}({{#.}}{{.}},{{/.}}){{/groups}}", "(1,2,)()(3,)"),
        // What has fields prints as nothing itself, and so does a list.
        ("[{{first}}{{accounts}}{{missing}}]", "[]"),
    ])
    func `names, sections, lists and what is not there`(template: String, text: String) throws {
        let templates = try Templates(sources: ["page": template])

        #expect(templates.text("page", Page()) == text)
    }

    @Test func `a dictionary is a model too`() throws {
        let templates = try Templates(sources: ["page": "{{name}}{{#name}}!{{/name}}"])

        #expect(templates.text("page", ["name": "Amina"]) == "Amina!")
    }
}

extension Templates {
    func text(_ name: String, _ model: any Encodable) -> String { String(decoding: render(name, model), as: UTF8.self) }
}
