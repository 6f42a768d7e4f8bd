/// Reads a model's values by the code that the compiler writes for `Encodable`: each field is handed over under its name, and nothing is reflected.
///
/// A model is a struct of texts, numbers, truth values, other such structs, lists and optionals of them.
final class ModelReader: Encoder {
    private let names: TemplateNames
    private var fields: [TemplateField] = []
    private var entries: [TemplateValue] = []
    private var isList = false
    private var single: TemplateValue?

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    private init(names: TemplateNames) { self.names = names }

    static func read(_ model: any Encodable, names: TemplateNames) -> TemplateValue {
        let reader = ModelReader(names: names)
        // Nothing here throws, and what the compiler writes throws nothing of its own.
        try! model.encode(to: reader)
        return reader.value
    }

    private var value: TemplateValue { single ?? (isList ? .list(entries) : .fields(fields)) }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { KeyedEncodingContainer(Fields(reader: self)) }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        isList = true
        return Entries(reader: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(reader: self) }

    // MARK: What the compiler's code hands over

    private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let reader: ModelReader
        var codingPath: [any CodingKey] { [] }

        /// What no template asks for is not looked at.
        private func add(_ key: Key, _ value: @autoclosure () -> TemplateValue) {
            if let name = reader.names.known(key.stringValue) { reader.fields.append(TemplateField(name: name, value: value())) }
        }

        func encodeNil(forKey key: Key) { add(key, .nothing) }
        func encode(_ value: String, forKey key: Key) { add(key, .text(value)) }
        func encode(_ value: Bool, forKey key: Key) { add(key, .flag(value)) }
        func encode<Value: Encodable>(_ value: Value, forKey key: Key) { add(key, read(value, names: reader.names)) }
        func encodeIfPresent(_ value: String?, forKey key: Key) { add(key, value.map(TemplateValue.text) ?? .nothing) }
        func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) { add(key, value.map { read($0, names: reader.names) } ?? .nothing) }

        func nestedContainer<Nested>(keyedBy: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> { ModelReader.refuse() }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { ModelReader.refuse() }
        func superEncoder() -> any Encoder { ModelReader.refuse() }
        func superEncoder(forKey key: Key) -> any Encoder { ModelReader.refuse() }
    }

    private struct Entries: UnkeyedEncodingContainer {
        let reader: ModelReader
        var codingPath: [any CodingKey] { [] }
        var count: Int { reader.entries.count }

        func encodeNil() {}
        func encode(_ value: String) { reader.entries.append(.text(value)) }
        func encode(_ value: Bool) { reader.entries.append(.flag(value)) }
        func encode<Value: Encodable>(_ value: Value) { reader.entries.append(read(value, names: reader.names)) }

        func nestedContainer<Nested>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> { ModelReader.refuse() }
        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { ModelReader.refuse() }
        func superEncoder() -> any Encoder { ModelReader.refuse() }
    }

    private struct Single: SingleValueEncodingContainer {
        let reader: ModelReader
        var codingPath: [any CodingKey] { [] }

        func encodeNil() { reader.single = .nothing }
        func encode(_ value: String) { reader.single = .text(value) }
        func encode(_ value: Bool) { reader.single = .flag(value) }
        /// The numbers.
        func encode<Value: Encodable & CustomStringConvertible>(_ value: Value) { reader.single = .text(value.description) }
        func encode<Value: Encodable>(_ value: Value) { reader.single = read(value, names: reader.names) }
    }

    /// The compiler's code asks for none of these, and models have no other.
    private static func refuse() -> Never { preconditionFailure("a model with an encoding of its own") }
}
