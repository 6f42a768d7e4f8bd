import Foundation
import Pages
import Testing

@Suite("Templates")
struct TemplatesTests {
    /// The repository's own folder of templates.
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../templates").path

    @Test func `every template parses and finds its layout and partials`() throws {
        let templates = try Templates(directory: Self.directory)

        for name in templates.names { #expect(templates.missingPartials(in: name).isEmpty, "\(name)") }
    }

    @Test func `no template prints unescaped text, styles or scripts`() throws {
        for case let path as String in try #require(FileManager.default.enumerator(atPath: Self.directory)) where path.hasSuffix(".mustache") {
            let text = try String(contentsOfFile: "\(Self.directory)/\(path)", encoding: .utf8)

            #expect(!text.contains("{{{") && !text.contains("{{&"), "\(path)")
            #expect(!text.contains(" style=") && !text.contains("<style") && !text.contains(" onclick="), "\(path)")
            #expect(!text.contains("<script") || text.contains("<script src=\"{{shell.script}}\" defer></script>"), "\(path)")
        }
    }

    @Test func `text from outside is escaped`() throws {
        let templates = try Templates(sources: ["page": "<p title=\"{{name}}\">{{name}}</p>"])

        let text = templates.render("page", ["name": "<b>\"&'"])

        #expect(!text.contains("<b>") && !text.contains("\"&'"))
    }

    @Test(arguments: ["\"", "\"\u{301}", "<\u{338}", "&\u{200D}", "'\u{20DD}", "\r\n\">", "\u{0}<"])
    func `a character that joins the one before it hides none from being escaped`(text: String) throws {
        let templates = try Templates(sources: [
            "layout": "<i title=\"{{text}}\">{{$main}}{{/main}}</i>",
            "part": "<u title=\"{{text}}\">{{text}}</u>",
            "page": "{{<layout}}\n{{$main}}{{#list}}<b title=\"{{.}}\">{{>part}}</b>{{/list}}{{^list}}{{/list}}{{/main}}\n{{/layout}}",
        ])

        let page = templates.render("page", ["text": text, "list": [text, text]] as [String: Any])

        // What the templates themselves hold: 5 attributes, 5 elements.
        #expect(page.utf8.count { $0 == UInt8(ascii: "\"") } == 10)
        #expect(page.utf8.count { $0 == UInt8(ascii: "<") } == 10 && page.utf8.count { $0 == UInt8(ascii: ">") } == 10)
        #expect(!page.utf8.contains(UInt8(ascii: "'")))
    }

    @Test func `what a template starts with is what a page starts with`() throws {
        let templates = try Templates(sources: ["layout": "<!doctype html>\n{{$main}}{{/main}}", "page": "{{<layout}}\n{{$main}}\n<p>\n{{/main}}\n{{/layout}}\n"])

        #expect(templates.render("page", [String: String]()) == "<!doctype html>\n<p>\n")
    }

    @Test func `a name that the model lacks is reported, through partials and layout too`() throws {
        struct Model { let known: String?; let list: [Entry] }
        struct Entry { let label: String }
        let templates = try Templates(sources: [
            "layout": "<h1>{{heading}}</h1>{{$main}}{{/main}}",
            "row": "{{label}}{{colour}}",
            "page": "{{<layout}}{{$main}}{{known}}{{#list}}{{>row}}{{.}}{{/list}}{{^list}}{{missing.part}}{{/list}}{{/main}}{{/layout}}",
        ])

        let unresolved = templates.unresolvedNames(in: "page", models: [Model(known: nil, list: [Entry(label: "a")])])

        #expect(unresolved == ["colour", "heading", "missing.part"])
    }

    @Test func `a template that does not parse names itself`() {
        #expect(throws: Templates.Failure.self) { try Templates(sources: ["broken": "{{#open}}"]) }
    }

    @Test func `an empty folder stops the start`() {
        #expect(throws: Templates.Failure.self) { try Templates(directory: "/nonexistent") }
    }
}
