public import Primitives

/// What a file of payments is written in.
public enum PaymentFileFormat: String, CaseIterable, Sendable, Codable {
    /// One JSON text a line, the first of them about the whole.
    case jsonLines = "json_lines"
    /// ISO 20022, CustomerCreditTransferInitiationV09.
    case pain001 = "pain.001.001.09"

    public var mediaType: String {
        switch self {
        case .jsonLines: "application/x-ndjson"
        case .pain001: "application/xml"
        }
    }
}

/// A file of payments that keeps every rule of its format: what a customer approves as a whole.
public struct PaymentFile: Hashable, Sendable {
    /// What the sender calls it: `GrpHdr/MsgId`, or the header's `reference`.
    public let reference: String?
    /// The account that it names to pay from, by its id or its number.
    public let debtorAccount: String?
    public let total: Money
    /// At least one, in the order of the file.
    public let lines: [PaymentFileLine]

    /// Bytes.
    public static let largest = 10 << 20
    public static let mostLines = 10_000

    init(reference: String?, debtorAccount: String?, total: Money, lines: [PaymentFileLine]) {
        self.reference = reference
        self.debtorAccount = debtorAccount
        self.total = total
        self.lines = lines
    }

    /// Reads on behind a fault, so that those that come after it are told at once, as long as they are not too many.
    /// - Throws: the rules that it breaks; one broken rule is enough to take nothing of it.
    public init(_ bytes: [UInt8], as format: PaymentFileFormat, at now: Timestamp) throws(PaymentFileRefusal) {
        guard bytes.count <= Self.largest else {
            throw PaymentFileRefusal(.init("", "size", "at most \(Self.largest) bytes", "\(bytes.count)"))
        }
        self =
            switch format {
            case .jsonLines: try JSONLinesReader.read(bytes)
            case .pain001: try Pain001Reader.read(bytes, at: now)
            }
    }
}

/// One payment of a file.
public struct PaymentFileLine: Hashable, Sendable {
    public let instruction: PaymentInstruction
    /// The sender's own name for it, which goes with it to its end.
    public let endToEndID: String?

    public init(instruction: PaymentInstruction, endToEndID: String?) {
        self.instruction = instruction
        self.endToEndID = endToEndID
    }
}
