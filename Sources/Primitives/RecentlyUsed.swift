/// A bounded memory: what was not asked for lately goes first. Two generations: a full younger one becomes the older, and the older goes.
///
/// Every request looks into several, so other modules compile it for their own keys and values.
package struct RecentlyUsed<Key: Hashable, Value> {
    @usableFromInline let half: Int
    @usableFromInline var younger: [Key: Value] = [:]
    @usableFromInline var older: [Key: Value] = [:]

    @inlinable
    package init(capacity: Int) { half = max(1, capacity / 2) }

    @inlinable
    package subscript(key: Key) -> Value? {
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

    @inlinable
    package var count: Int { younger.count + older.count }

    @inlinable
    package mutating func removeAll(where isUnwanted: (Value) -> Bool) {
        younger = younger.filter { !isUnwanted($0.value) }
        older = older.filter { !isUnwanted($0.value) }
    }

    @inlinable
    mutating func insert(_ value: Value, for key: Key) {
        if younger.count >= half, younger[key] == nil { (older, younger) = (younger, [:]) }
        younger[key] = value
    }
}

extension RecentlyUsed: Sendable where Key: Sendable, Value: Sendable {}
