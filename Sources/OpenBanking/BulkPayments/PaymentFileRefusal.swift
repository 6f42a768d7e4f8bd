/// Why nothing of a file is taken.
package struct PaymentFileRefusal: Error, Hashable, Sendable {
    package struct Fault: Hashable, Sendable {
        /// The member of a line (`/lines/3/amount/currency`; the first line is 1), or the element (`/Document/CstmrCdtTrfInitn/GrpHdr/CtrlSum`).
        package let pointer: String
        package let rule: String
        package let expected: String
        package let got: String

        init(_ pointer: String, _ rule: String, _ expected: String, _ got: String) {
            self.pointer = pointer
            self.rule = rule
            self.expected = expected
            self.got = String(got.prefix(80))
        }
    }

    /// The first of them, in the order of the file.
    package private(set) var faults: [Fault] = []
    package private(set) var count = 0

    /// How many are told one by one.
    package static let mostTold = 20

    /// The rule that a text is of its format at all.
    package static let wellFormed = "well_formed"

    /// Whether some of it could not even be read.
    package private(set) var isMalformed = false

    init() {}

    init(_ fault: Fault) { add(fault) }

    mutating func add(_ fault: Fault) {
        count += 1
        if fault.rule == Self.wellFormed { isMalformed = true }
        if faults.count < Self.mostTold { faults.append(fault) }
    }

    mutating func add(_ pointer: String, _ rule: String, _ expected: String, _ got: String) { add(Fault(pointer, rule, expected, got)) }
}
