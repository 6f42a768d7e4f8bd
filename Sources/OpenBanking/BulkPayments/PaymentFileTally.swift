import Primitives

/// Adds up the payments of a file, to be compared with what its sender says of them.
struct PaymentFileTally {
    private(set) var lines: [PaymentFileLine] = []
    /// All payments, those that could not be taken among them.
    private(set) var count = 0
    private var isComplete = true
    private var sum: Int64? = 0

    var currency: Currency? { lines.first?.instruction.amount.currency }

    mutating func add(_ line: PaymentFileLine) {
        count += 1
        lines.append(line)
        let next = sum?.addingReportingOverflow(line.instruction.amount.minorUnits)
        sum = next.flatMap { $0.overflow ? nil : $0.partialValue }
    }

    /// A payment that could not be taken: there is no sum to compare any more.
    mutating func addFaulty() {
        count += 1
        isComplete = false
    }

    var isFull: Bool { count >= PaymentFile.mostLines }

    /// `nil` beyond what 64 bits hold.
    func total(in currency: Currency) -> Money? { sum.map { Money(minorUnits: $0, currency: currency) } }

    /// Whether a sender's sum is that of the payments; where some of them could not be taken, nobody can tell.
    func agrees(with stated: Money) -> Bool { !isComplete || total(in: stated.currency) == stated }

    func sumText(in currency: Currency) -> String { total(in: currency)?.decimal ?? "a sum beyond 64 bits" }
}
