/// Why nothing of a file is taken.
public struct PaymentFileRefusal: Error, Hashable, Sendable {
    public struct Fault: Hashable, Sendable {
        /// The member of a line (`/lines/3/amount/currency`; the first line is 1), or the element (`/Document/CstmrCdtTrfInitn/GrpHdr/CtrlSum`).
        public let pointer: String
        public let rule: String
        public let expected: String
        public let got: String

        init(_ pointer: String, _ rule: String, _ expected: String, _ got: String) {
            self.pointer = pointer
            self.rule = rule
            self.expected = expected
            self.got = String(got.prefix(80))
        }
    }

    /// The first of them, in the order of the file.
    public private(set) var faults: [Fault] = []
    public private(set) var count = 0

    /// How many are told one by one.
    public static let mostTold = 20
    /// At so many the rest of a file is left unread.
    public static let mostCounted = 1000

    public var isFull: Bool { count >= Self.mostCounted }

    /// The rule that a text is of its format at all.
    public static let wellFormed = "well_formed"

    /// Whether some of it could not even be read.
    public private(set) var isMalformed = false

    init() {}

    init(_ fault: Fault) { add(fault) }

    mutating func add(_ fault: Fault) {
        count += 1
        if fault.rule == Self.wellFormed { isMalformed = true }
        if faults.count < Self.mostTold { faults.append(fault) }
    }

    mutating func add(_ pointer: String, _ rule: String, _ expected: String, _ got: String) { add(Fault(pointer, rule, expected, got)) }
}
