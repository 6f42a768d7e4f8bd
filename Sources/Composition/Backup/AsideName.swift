internal import Primitives

/// What a restore sets aside is called by its second, and a later one of the same second by a number too.
enum AsideName {
    static func free(_ prefix: String, at now: Timestamp, isTaken: (String) -> Bool) -> String {
        let first = "\(prefix)\(now.seconds)"
        var (name, number) = (first, 1)
        while isTaken(name) {
            number += 1
            name = "\(first)_\(number)"
        }
        return name
    }
}
