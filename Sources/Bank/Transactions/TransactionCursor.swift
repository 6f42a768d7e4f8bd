import Primitives

/// A place in an account's transactions: after the transaction with this time and sequence, whatever comes before it later. Opaque outside.
public struct TransactionCursor: Hashable, Sendable {
    let at: Int64
    let sequence: Int64

    init(at: Int64, sequence: Int64) {
        self.at = at
        self.sequence = sequence
    }

    public init(after transaction: BankTransaction) {
        self.init(at: transaction.bookedAt.seconds, sequence: transaction.sequence)
    }

    /// Reads the form that `text` has.
    public init?(_ text: String) {
        guard text.utf8.count <= 64, let bytes = Base64URL.decode(text) else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "t1", let at = Int64(parts[1]), let sequence = Int64(parts[2]) else { return nil }
        self.init(at: at, sequence: sequence)
        guard self.text == text else { return nil }
    }

    public var text: String { Base64URL.encode(Array("t1.\(at).\(sequence)".utf8)) }
}
