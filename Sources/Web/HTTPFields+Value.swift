public import HTTPTypes

extension HTTPFields {
    /// A field's value, as the subscript gives it: that one goes through a list of all lines even for one.
    public func value(of name: HTTPField.Name) -> String? {
        var found: String?
        for field in self where field.name == name {
            guard found == nil else { return self[name] }
            found = field.value
        }
        return found
    }

    /// Sets a field other than `Cookie`, as the subscript does: that one goes through lists of what to replace and to delete even where nothing is.
    public mutating func set(_ value: String, for name: HTTPField.Name) {
        if contains(name) { self[name] = value } else { append(HTTPField(name: name, value: value)) }
    }
}
