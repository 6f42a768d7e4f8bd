/// The members of an object, in their order, each name once.
public struct JSONObject: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public let name: String
        public let value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    public private(set) var members: [Member]

    /// Members that the program itself names, each once.
    public init(_ members: [(String, JSONValue)] = []) { self.members = members.map { Member(name: $0.0, value: $0.1) } }

    /// - Returns: `nil` when a name occurs twice.
    public init?(_ members: [Member]) {
        guard JSONObject.repeatedName(in: members) == nil else { return nil }
        self.members = members
    }

    /// The first name that occurs twice. Objects are small as a rule, and then comparing beats hashing.
    static func repeatedName(in members: [Member]) -> String? {
        guard members.count > 8 else {
            return members.indices.first { index in members[..<index].contains { $0.name == members[index].name } }.map { members[$0].name }
        }
        var seen = Set<String>(minimumCapacity: members.count)
        return members.first { !seen.insert($0.name).inserted }?.name
    }

    public subscript(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
    public var names: [String] { members.map(\.name) }

    public mutating func append(_ name: String, _ value: JSONValue) { members.append(Member(name: name, value: value)) }

    /// Adds a member unless there is nothing to say.
    public mutating func append(_ name: String, _ text: String?) {
        if let text { append(name, JSONValue.string(text)) }
    }

    public mutating func append(_ name: String, seconds: Int64?) {
        if let seconds { append(name, JSONValue.integer(seconds)) }
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    public var bytes: [UInt8] {
        var writer = JSONWriter(sortsMembers: false)
        writer.write(self)
        return writer.bytes
    }
}
