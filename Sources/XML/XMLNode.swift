/// An element with what it holds, for parts of a document that are small.
public struct XMLNode: Hashable, Sendable {
    public let name: XMLName
    public let attributes: [XMLAttribute]
    public private(set) var children: [XMLNode] = []
    /// Without the white space around it; empty where there are children.
    public private(set) var text = ""

    public subscript(_ name: XMLName) -> XMLNode? { children.first { $0.name == name } }

    public func attribute(_ name: String) -> String? { attributes.first { $0.name == XMLName(name) }?.value }

    /// - Parameter children: read one by one.
    public init(_ name: XMLName, _ attributes: [XMLAttribute] = [], children: [XMLNode] = []) {
        self.name = name
        self.attributes = attributes
        self.children = children
    }

    fileprivate mutating func add(_ child: XMLNode) { children.append(child) }

    fileprivate mutating func add(_ more: String) { text += more }

    /// - Returns: `false` when words stand between its children.
    fileprivate mutating func close() -> Bool {
        let rest = text.utf8.drop(while: XMLReader.isSpace)
        text = String(decoding: rest.reversed().drop(while: XMLReader.isSpace).reversed(), as: UTF8.self)
        return children.isEmpty || text.isEmpty
    }
}

extension XMLReader {
    /// Reads on to the end of an element whose start was read.
    /// - Parameter elements: how many it may hold.
    public mutating func node(_ name: XMLName, _ attributes: [XMLAttribute], elements: Int) throws(MalformedXML) -> XMLNode {
        var left = elements
        return try node(name, attributes, &left)
    }

    /// Reads on to the end of an element whose start was read, and keeps nothing.
    public mutating func skip() throws(MalformedXML) {
        var depth = 1
        while depth > 0, let event = try next() {
            switch event {
            case .start: depth += 1
            case .end: depth -= 1
            case .text: break
            }
        }
    }

    private mutating func node(_ name: XMLName, _ attributes: [XMLAttribute], _ left: inout Int) throws(MalformedXML) -> XMLNode {
        var node = XMLNode(name, attributes)
        while let event = try next() {
            switch event {
            case .start(let name, let attributes):
                guard left > 0 else { throw MalformedXML(line: line, expected: "fewer elements in one part", got: "more") }
                left -= 1
                node.add(try self.node(name, attributes, &left))
            case .text(let text): node.add(text)
            case .end:
                guard node.close() else { throw MalformedXML(line: line, expected: "elements without text between them", got: String(node.text.prefix(60))) }
                return node
            }
        }
        return node
    }
}
