import Foundation
import Testing

@testable import Pages

@Suite("Templates")
struct TemplatesTests {
    /// The repository's own folder of templates.
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../templates").path

    private struct Nothing: Encodable {}

    private func page(_ source: String, _ model: any Encodable = Nothing()) throws -> String { try Templates(sources: ["page": source]).text("page", model) }

    @Test func `every template can be read and finds its layout and partials`() {
        #expect(throws: Never.self) { try Templates(directory: Self.directory) }
    }

    @Test func `no template has styles or scripts of its own`() throws {
        for case let path as String in try #require(FileManager.default.enumerator(atPath: Self.directory)) where path.hasSuffix(".mustache") {
            let text = try String(contentsOfFile: "\(Self.directory)/\(path)", encoding: .utf8)

            #expect(!text.contains(" style=") && !text.contains("<style") && !text.contains(" onclick="), "\(path)")
            #expect(!text.contains("<script") || text.contains("<script src=\"{{shell.script}}\" defer></script>"), "\(path)")
        }
    }

    @Test func `text from outside is escaped`() throws {
        let text = try page("<p title=\"{{name}}\">{{name}}</p>", ["name": "<b>\"&'é"])

        #expect(text == "<p title=\"&lt;b&gt;&quot;&amp;&#39;é\">&lt;b&gt;&quot;&amp;&#39;é</p>")
    }

    @Test(arguments: ["\"", "\"\u{301}", "<\u{338}", "&\u{200D}", "'\u{20DD}", "\r\n\">", "\u{0}<"])
    func `a character that joins the one before it hides none from being escaped`(text: String) throws {
        struct Model: Encodable {
            let text: String
            let list: [String]
        }
        let templates = try Templates(sources: [
            "layout": "<i title=\"{{text}}\">{{$main}}{{/main}}</i>",
            "part": "<u title=\"{{text}}\">{{text}}</u>",
            "page": "{{<layout}}\n{{$main}}{{#list}}<b title=\"{{.}}\">{{>part}}</b>{{/list}}{{^list}}{{/list}}{{/main}}\n{{/layout}}",
        ])

        let page = templates.text("page", Model(text: text, list: [text, text]))

        // What the templates themselves hold: 5 attributes, 5 elements.
        #expect(page.utf8.count { $0 == UInt8(ascii: "\"") } == 10)
        #expect(page.utf8.count { $0 == UInt8(ascii: "<") } == 10 && page.utf8.count { $0 == UInt8(ascii: ">") } == 10)
        #expect(!page.utf8.contains(UInt8(ascii: "'")))
    }

    @Test func `what a layout starts with is what a page starts with`() throws {
        let templates = try Templates(sources: [
            "layout": "<!doctype html>\n{{$main}}{{/main}}", "page": "{{<layout}}\n{{$main}}\n<p>\n{{/main}}\n{{/layout}}\n",
        ])

        #expect(templates.text("page", Nothing()) == "<!doctype html>\n<p>\n")
    }

    @Test func `a block that the page leaves out shows what the layout has, and one may stand in several places`() throws {
        let templates = try Templates(sources: [
            "layout": "{{$title}}{{title}}{{/title}}|{{$main}}none{{/main}}|{{$main}}none{{/main}}|{{>foot}}", "foot": "{{$foot}}ours{{/foot}}",
            "page": "{{<layout}} between {{$main}}<p>{{title}}</p>{{/main}}{{/layout}}", "empty": "{{<layout}}{{/layout}}",
            "other": "{{<page}}{{$main}}other{{/main}}{{$foot}}theirs{{/foot}}{{/page}}",
        ])

        #expect(templates.text("page", ["title": "T"]) == "T|<p>T</p>|<p>T</p>|ours")
        #expect(templates.text("empty", ["title": "T"]) == "T|none|none|ours")
        #expect(templates.text("other", ["title": "T"]) == "T|other|other|theirs")
    }

    @Test(arguments: [
        ("a\n{{#yes}}\nb\n{{/yes}}\nc\n", "a\nb\nc\n"),
        ("a\n  {{^no}}  \nb\n\t{{/no}}\nc", "a\nb\nc"),
        ("{{#yes}}\n{{^no}}\nb\n{{/no}}\n{{/yes}}", "b\n"),
        ("a\n{{! said to who reads the template }}\nb{{!}}\n", "a\nb\n"),
        ("a\r\n{{#yes}}\r\nb\r\n{{/yes}}\r\n", "a\r\nb\r\n"),
        // What prints, two tags, and other text are lines.
        ("a\n{{yes}}\nb\n", "a\ntrue\nb\n"),
        ("a\n{{#yes}}{{/yes}}\nb\n", "a\n\nb\n"),
        ("a\n{{#yes}} b{{/yes}}\nc\n", "a\n b\nc\n"),
        ("a {{#yes}}\nb{{/yes}}\n", "a \nb\n"),
    ])
    func `a line with one tag that prints nothing is no line of the page`(source: String, text: String) throws {
        #expect(try page(source, ["yes": true, "no": false]) == text)
    }

    @Test func `a tag may have spaces inside`() throws { #expect(try page("{{ name }}{{# name }}!{{/ name }}", ["name": "a"]) == "a!") }

    @Test func `braces that are no tag stay`() throws { #expect(try page("{ } {a} }} {", ["a": "b"]) == "{ } {a} }} {") }

    @Test func `a name that the model lacks is reported, through partials and layout too`() throws {
        struct Model: Encodable { let known: String?; let list: [Entry] }
        struct Entry: Encodable { let label: String }
        let templates = try Templates(sources: [
            "layout": "<h1>{{heading}}</h1>{{$main}}{{/main}}",
            "row": "{{label}}{{colour}}",
            "page": "{{<layout}}{{$main}}{{known}}{{#list}}{{>row}}{{.}}{{/list}}{{^list}}{{missing.part}}{{.own}}{{/list}}{{/main}}{{/layout}}",
        ])

        let unresolved = templates.unresolvedNames(in: "page", models: [Model(known: nil, list: [Entry(label: "a")])])

        #expect(unresolved == ["colour", "heading", "missing.part", "own"])
    }

    @Test(arguments: [
        ("{{#open}}", "/open"), ("{{#open}}{{/other}}", "/other"), ("{{/open}}", "/open"), ("a {{name", "does not end"), ("{{}}", "no tag"),
        ("{{{name}}}", "no tag"), ("{{&name}}", "no tag"), ("{{=<% %>=}}", "no tag"), ("{{a b<c}}", "no tag"), ("{{>nowhere}}", "nowhere"),
        ("{{<nowhere}}{{/nowhere}}", "nowhere"), ("{{>page}}", "itself"), ("{{a.b.c}}", "a.b.c"), ("{{<page}}{{name}}{{/page}}", "blocks"),
    ])
    func `a template that cannot be read says which it is, and why`(source: String, reason: String) {
        #expect {
            try Templates(sources: ["page": source])
        } throws: { error in
            "\(error)".hasPrefix("the template page cannot be read") && "\(error)".contains(reason)
        }
    }

    @Test func `an empty folder stops the start`() {
        #expect(throws: Templates.Failure.self) { try Templates(directory: "/nonexistent") }
    }
}
