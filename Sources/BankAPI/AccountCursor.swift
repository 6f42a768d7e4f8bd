import Bank
import Primitives

/// A place in the list of a consent's accounts, the oldest first. Opaque outside.
struct AccountCursor: Comparable {
    let openedAt: Int64
    let id: String

    init(after account: Account) {
        openedAt = account.openedAt.seconds
        id = account.id.rawValue
    }

    /// Reads the form that `text` has.
    init?(_ text: String) {
        guard text.utf8.count <= 200, let bytes = Base64URL.decode(text) else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "a1", let openedAt = Int64(parts[1]), let id = AccountID(String(parts[2])) else { return nil }
        self.openedAt = openedAt
        self.id = id.rawValue
        guard self.text == text else { return nil }
    }

    var text: String { Base64URL.encode(Array("a1.\(openedAt).\(id)".utf8)) }

    static func < (lhs: AccountCursor, rhs: AccountCursor) -> Bool { (lhs.openedAt, lhs.id) < (rhs.openedAt, rhs.id) }
}
