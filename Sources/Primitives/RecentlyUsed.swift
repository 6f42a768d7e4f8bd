/// A bounded memory: what was not asked for lately goes first. Two generations: a full younger one becomes the older, and the older goes.
public struct RecentlyUsed<Key: Hashable, Value> {
    private let half: Int
    private var younger: [Key: Value] = [:]
    private var older: [Key: Value] = [:]

    public init(capacity: Int) { half = max(1, capacity / 2) }

    public subscript(key: Key) -> Value? {
        mutating get {
            if let value = younger[key] { return value }
            guard let value = older.removeValue(forKey: key) else { return nil }
            insert(value, for: key)
            return value
        }
        set {
            older[key] = nil
            if let newValue { insert(newValue, for: key) } else { younger[key] = nil }
        }
    }

    public var count: Int { younger.count + older.count }

    public mutating func removeAll(where isUnwanted: (Value) -> Bool) {
        younger = younger.filter { !isUnwanted($0.value) }
        older = older.filter { !isUnwanted($0.value) }
    }

    private mutating func insert(_ value: Value, for key: Key) {
        if younger.count >= half, younger[key] == nil { (older, younger) = (younger, [:]) }
        younger[key] = value
    }
}

extension RecentlyUsed: Sendable where Key: Sendable, Value: Sendable {}
