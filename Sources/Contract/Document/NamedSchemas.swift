/// The schemas that have a name, each read once however many refer to it.
final class NamedSchemas {
    private struct Place: Hashable {
        let file: String
        let pointer: String
    }

    private var schemas: [Place: Schema] = [:]

    /// - Parameter reading: what is asked when it was not read before.
    func schema(at node: Located, reading: () throws -> Schema) rethrows -> Schema {
        let place = Place(file: node.file, pointer: node.place)
        if let known = schemas[place] { return known }
        let schema = try reading()
        schemas[place] = schema
        return schema
    }
}

extension Schema {
    /// The same with the words that stand beside a reference to it.
    func described(as description: String) -> Schema {
        Schema(kind: kind, name: name, description: description, allowed: allowed, defaultValue: defaultValue, example: example)
    }
}
