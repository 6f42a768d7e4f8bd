import Testing

@testable import XML

@Suite("XML 1.0 and Namespaces in XML 1.0")
struct XMLReaderTests {
    private func events(_ text: String, limits: XMLLimits = XMLLimits(bytes: 1 << 20)) throws(MalformedXML) -> [XMLEvent] {
        var reader = try XMLReader(Array(text.utf8), limits: limits)
        var found: [XMLEvent] = []
        while let event = try reader.next() { found.append(event) }
        return found
    }

    private func refusal(_ text: String, limits: XMLLimits = XMLLimits(bytes: 1 << 20)) -> MalformedXML? {
        do throws(MalformedXML) {
            _ = try events(text, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func `elements, attributes and text come in the order of the document`() throws {
        let found = try events("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a x='1' y=\"2\">one<b/>two</a>\n")

        #expect(
            found == [
                .start(XMLName("a"), [XMLAttribute(name: XMLName("x"), value: "1"), XMLAttribute(name: XMLName("y"), value: "2")]), .text("one"),
                .start(XMLName("b"), []), .end, .text("two"), .end,
            ])
    }

    @Test func `§4.6 references are replaced: XML's five entities, and characters by number`() throws {
        #expect(try events("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F4A5;</a>").contains(.text("<&>\"'A💥")))
        #expect(try events("<a b='&lt;&#10;'/>").first == .start(XMLName("a"), [XMLAttribute(name: XMLName("b"), value: "<\n")]))
    }

    @Test func `§2.7 a CDATA section is text, and §2.5 a comment is none`() throws {
        #expect(try events("<a>x<![CDATA[<&]]]]>y<!-- - no -->z</a>") == [.start(XMLName("a"), []), .text("x<&]]yz"), .end])
    }

    @Test func `§2.11 line ends are one character, and §3.3.3 white space in a value is a space`() throws {
        #expect(
            try events("<a b='1\r\n2\t3'>x\r\ny\rz</a>") == [.start(XMLName("a"), [XMLAttribute(name: XMLName("b"), value: "1 2 3")]), .text("x\ny\nz"), .end])
    }

    @Test func `prefixes stand for namespaces where they are declared, and inside`() throws {
        let found = try events("<p:a xmlns:p='urn:p' xmlns='urn:d'><b p:c='1' d='2'/><e xmlns=''/><p:f xmlns:p='urn:q'/><p:g/></p:a>")

        let names = found.compactMap { event in if case .start(let name, _) = event { name } else { nil } }
        #expect(names == [XMLName("a", in: "urn:p"), XMLName("b", in: "urn:d"), XMLName("e"), XMLName("f", in: "urn:q"), XMLName("g", in: "urn:p")])
        let attributes = found.compactMap { event in if case .start(_, let attributes) = event { attributes.map(\.name) } else { nil } }
        #expect(attributes.contains([XMLName("c", in: "urn:p"), XMLName("d")]))
    }

    @Test(arguments: [
        "<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<?xml version='1.0'?>\n<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><a>&lol2;</a>", "<a><!DOCTYPE b></a>", "<a><!ENTITY b 'c'></a>",
    ])
    func `no document type declaration is read, so there is no entity to expand and nothing to fetch`(text: String) throws {
        let refused = try #require(refusal(text))

        #expect(refused.expected.contains("document type declarations are not read"))
    }

    @Test(arguments: [
        "<a>&b;</a>", "<a>&amp</a>", "<a>&;</a>", "<a>&#;</a>", "<a>&#x;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#99999999999;</a>",
        "<a b='&c;'/>", "<a>&#xFFFE;</a>",
    ])
    func `a reference to anything else is refused`(text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(arguments: [
        "", " ", "a", "<", "<a", "<a>", "<a/", "<a></b>", "<a><b></a></b>", "</a>", "<a/><b/>", "<a/>x", "x<a/>", "<a b/>", "<a b=c/>", "<a b='1'c='2'/>",
        "<a b='<'/>", "<a b='1' b='2'/>", "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "<a xmlns='u' xmlns='v'/>", "<p:a/>", "<a p:b=''/>",
        "<a xmlns:p=''/>", "<a xmlns:xml='u'/>", "<a xmlns:xmlns='u'/>", "<:a/>", "<a:/>", "<a:b:c xmlns:a='u'/>", "<1a/>", "<é/>", "< a/>", "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><!-- --->", "<a><![CDATA[</a>", "<a>\u{1}</a>", "<a>\u{0}</a>", "<a b='\u{8}'/>", "<a>\u{FFFF}</a>", "<a><?b c?></a>", "<?b?><a/>",
        " <?xml version='1.0'?><a/>",
        "<?xml version='1.1'?><a/>", "<?xml encoding='UTF-8'?><a/>", "<?xml version='1.0' encoding='UTF-16'?><a/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>", "<?xml version='1.0' version='1.0'?><a/>", "<?xml version='1.0'><a/>",
        "<?xml version='1.0'encoding='UTF-8'?><a/>",
    ])
    func `what is not well formed is refused`(text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(
        arguments: [[0x3C, 0x61, 0x3E, 0xFF, 0x3C, 0x2F, 0x61, 0x3E], [0xFF, 0xFE, 0x3C, 0x00], [0x3C, 0x61, 0x3E, 0xC0, 0x80, 0x3C, 0x2F, 0x61, 0x3E]]
            as [[UInt8]])
    func `what is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: MalformedXML.self) {
            var reader = try XMLReader(bytes, limits: XMLLimits(bytes: 100))
            while try reader.next() != nil {}
        }
    }

    @Test func `a byte order mark of UTF-8 is no text`() throws {
        #expect(try events("\u{FEFF}<?xml version='1.0'?><a/>").count == 2)
    }

    @Test func `limits end a document before it costs anything`() {
        let limits = XMLLimits(bytes: 1000, depth: 3, attributes: 2, name: 7, elements: 4)

        #expect(refusal("<a><b><c/></b></a>", limits: limits) == nil)
        #expect(refusal("<a><b><c><d/></c></b></a>", limits: limits)?.expected == "at most 3 levels")
        #expect(refusal("<a b='' c='' d=''/>", limits: limits)?.expected == "at most 2 attributes")
        #expect(refusal("<a xmlns='u' xmlns:p='v' xmlns:q='w'/>", limits: limits)?.expected == "at most 2 attributes")
        #expect(refusal("<a><b/><c/><d/></a>", limits: limits) == nil)
        #expect(refusal("<a><b/><c/><d/><e/></a>", limits: limits)?.expected == "at most 4 elements")
        #expect(refusal("<abcdefgh/>", limits: limits)?.expected == "a name of at most 7 bytes")
        #expect(refusal("<a>\(String(repeating: "x", count: 1000))</a>", limits: limits)?.expected == "at most 1000 bytes")
    }

    @Test func `a refusal tells the line`() {
        #expect(refusal("<a>\n<b>\n</c></a>") == MalformedXML(line: 3, expected: "</b>", got: "</c>"))
    }

    @Test func `a node holds what is in its element, and words between its children are refused`() throws {
        func node(_ text: String, elements: Int = 10) throws(MalformedXML) -> XMLNode? {
            var reader = try XMLReader(Array(text.utf8), limits: XMLLimits(bytes: 1000))
            guard case .start(let name, let attributes)? = try reader.next() else { return nil }
            return try reader.node(name, attributes, elements: elements)
        }

        let read = try node("<a x='1'> <b> one </b>\n<c><d/></c> </a>")
        #expect(read?.attribute("x") == "1" && read?[XMLName("b")]?.text == "one" && read?[XMLName("c")]?[XMLName("d")]?.text.isEmpty == true)
        #expect(throws: MalformedXML.self) { try node("<a>one<b/></a>") }
        #expect(throws: MalformedXML.self) { try node("<a><b/><b/></a>", elements: 1) }
    }
}
