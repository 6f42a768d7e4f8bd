/// All that an object holds, for comparing it with another. Each of its properties is hashable.
public func fields(_ object: AnyObject?) -> [String: AnyHashable] {
    var fields: [String: AnyHashable] = [:]
    for (name, value) in object.map({ Mirror(reflecting: $0).children.map { $0 } }) ?? [] {
        guard let name, let value = value as? AnyHashable else { preconditionFailure("\(name ?? "a property") cannot be compared") }
        fields[name] = value
    }
    return fields
}
