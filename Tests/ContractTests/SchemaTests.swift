import Contract
import JSON
import Testing

@Suite("Schemas of the contract")
struct SchemaTests {
    private func violations(_ json: String, _ yaml: String) throws -> [Violation] {
        let contract = try APIContract(files: ["a.yaml": Documents.withSchema(yaml)])
        let schema = try #require(contract.sections[0].schemas.first)
        return schema.violations(of: try JSONValue(parsing: Array(json.utf8)))
    }

    @Test(arguments: [
        ("{ type: string, minLength: 2, maxLength: 3 }", #""ab""#, nil),
        ("{ type: string, minLength: 2 }", #""a""#, "minLength"),
        ("{ type: string, maxLength: 3 }", #""😀😀😀""#, nil),
        ("{ type: string, maxLength: 3 }", #""abcd""#, "maxLength"),
        ("{ type: string, enum: [a, b] }", #""c""#, "enum"),
        ("{ type: string, pattern: '^[a-z]{1,3}$' }", #""A""#, "pattern"),
        ("{ type: string, format: date-time }", #""2026-11-21T06:14:09Z""#, nil),
        ("{ type: string, format: date-time }", #""20160101T104012.345Z""#, nil),
        ("{ type: string, format: date-time }", #""2026-02-30""#, "format"),
        ("{ type: string, format: date-time }", #""tomorrow""#, "format"),
        ("{ type: string }", "1", "type"),
        ("{ type: integer, minimum: 1, maximum: 500 }", "500", nil),
        ("{ type: integer, minimum: 1, maximum: 500 }", "0", "minimum"),
        ("{ type: integer, minimum: 1, maximum: 500 }", "99999999999999999999999", "maximum"),
        ("{ type: integer }", "1.0", nil),
        ("{ type: integer }", "1.5", "type"),
        ("{ type: integer }", "1e400", "type"),
        ("{ type: integer }", #""1""#, "type"),
        ("{ type: number, minimum: 0.5 }", "0.4", "minimum"),
        ("{ type: boolean }", #""true""#, "type"),
        ("{ type: array, items: { type: integer }, maxItems: 2 }", "[1,2,3]", "maxItems"),
        ("{ type: array, items: { type: integer }, minItems: 1 }", "[]", "minItems"),
        ("{ type: array, items: { type: integer }, uniqueItems: true }", "[1,1]", "uniqueItems"),
        ("{ type: array, items: { type: integer } }", #"[1,"x"]"#, "type"),
        ("{ type: object, required: [a], properties: { a: { type: string } } }", "{}", "required"),
        ("{ type: object, additionalProperties: false, properties: { a: { type: string } } }", #"{"b":1}"#, "additionalProperties"),
        ("{ type: object, properties: { a: { type: string } } }", #"{"b":1}"#, nil),
        ("{ type: object, properties: { a: { type: string } } }", "[]", "type"),
        ("{ type: object, properties: { a: { type: string } } }", #"{"a":null}"#, "type"),
    ])
    func `each keyword holds`(schema: String, json: String, rule: String?) throws {
        let violations = try violations(json, schema)

        #expect(violations.map(\.rule) == (rule.map { [$0] } ?? []))
        #expect(violations.allSatisfy { !$0.expected.isEmpty && !$0.got.isEmpty })
    }

    @Test func `words beside a reference hold there alone, and a name is its file's`() throws {
        func file(_ type: String) -> String {
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths: {}
            components:
              schemas:
                Whole:
                  type: object
                  properties:
                    first: { $ref: "#/components/schemas/Part", description: of the first }
                    second: { $ref: "#/components/schemas/Part" }
                Part: { type: \(type), description: of a part }
            """
        }

        let sections = try APIContract(files: ["a.yaml": file("string"), "b.yaml": file("boolean")]).sections

        let shown = try sections.map { section in
            guard case .object(let whole) = try #require(section.schemas.first).kind else { return [Schema]() }
            return whole.properties.map(\.schema) + section.schemas.dropFirst()
        }
        #expect(shown.map { $0.map(\.description) } == Array(repeating: ["of the first", "of a part", "of a part"], count: 2))
        #expect(shown.joined().allSatisfy { $0.name == "Part" })
        #expect(shown.map { $0.filter { $0.kind == .boolean }.count } == [0, 3])
    }

    @Test func `a schema that refers to itself is refused`() {
        let schema = "{ type: object, properties: { inner: { $ref: '#/components/schemas/S' } } }"

        #expect(throws: ContractError.self) { try APIContract(files: ["a.yaml": Documents.withSchema(schema)]) }
    }

    @Test func `every violation is told at once, each with its pointer`() throws {
        let schema = """
            { type: object, required: [name, tags], additionalProperties: false,
              properties: { name: { type: string }, "a/b~c": { type: integer }, tags: { type: array, items: { type: string } } } }
            """

        let violations = try violations(#"{"a/b~c":"x","tags":["ok",1],"extra":true}"#, schema)

        #expect(Set(violations.map(\.pointer)) == ["/name", "/a~1b~0c", "/tags/1", "/extra"])
    }

    @Test func `a thousand mistakes are told fifty times`() throws {
        func list(_ element: String) -> String { "[" + Array(repeating: element, count: 1000).joined(separator: ",") + "]" }
        let members = (0..<1000).map { "\"m\($0)\":1" }.joined(separator: ",")

        #expect(try violations(list("\"x\""), "{ type: array, items: { type: integer } }").count == 50)
        #expect(try violations(list("1"), "{ type: array, items: { type: integer }, uniqueItems: true }").count == 50)
        #expect(try violations("{\(members)}", "{ type: object, additionalProperties: false, properties: { a: { type: string } } }").count == 50)
    }

    @Test func `what came is told shortened`() throws {
        let violation = try #require(try violations("\"\(String(repeating: "x", count: 5000))\"", "{ type: string, enum: [a] }").first)

        #expect(violation.got.count < 100)
    }
}

/// Documents written for the tests.
enum Documents {
    static func withSchema(_ schema: String) -> String {
        """
        openapi: 3.1.0
        info: { title: T, version: "1" }
        paths: {}
        components:
          schemas:
            S:
              \(schema.split(separator: "\n").joined(separator: "\n      "))
        """
    }

    static func withOperation(_ lines: String) -> String {
        """
        openapi: 3.1.0
        info: { title: T, version: "1" }
        paths:
          /v1/things/{id}:
            get:
        \(lines.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
        """
    }
}
