import Primitives
import XML

/// Reads a file of ISO 20022 `pain.001.001.09`, CustomerCreditTransferInitiationV09, as far as this bank can do what it asks: each element is kept or is
/// known to change nothing here, and a file with any other is refused, because what its sender asks for would not happen.
struct Pain001Reader {
    var xml: XMLReader
    let now: Timestamp
    var refusal = PaymentFileRefusal()
    var tally = PaymentFileTally()
    private var group: XMLNode?
    var debtorAccount: String?
    var sections = 0
    var isOverfull = false
    /// Whether the rest is left unread, since nothing of the file will be taken.
    var hasEnough: Bool { isOverfull || refusal.isFull }

    static let initiation = "/Document/CstmrCdtTrfInitn"
    /// Elements in one part of the file that is read as a whole: far more than the schema has.
    static let largestPart = 400
    /// Elements in a file: for each payment more than fit into its part of the bytes.
    private static let mostElements = 50 * PaymentFile.mostLines

    static func read(_ bytes: [UInt8], at now: Timestamp) throws(PaymentFileRefusal) -> PaymentFile {
        let xml: XMLReader
        do throws(MalformedXML) {
            xml = try XMLReader(bytes, limits: XMLLimits(bytes: PaymentFile.largest, elements: mostElements))
        } catch {
            throw PaymentFileRefusal(error.fault)
        }
        var reader = Pain001Reader(xml: xml, now: now)
        return try reader.file()
    }

    private init(xml: XMLReader, now: Timestamp) {
        self.xml = xml
        self.now = now
    }

    private mutating func file() throws(PaymentFileRefusal) -> PaymentFile {
        do throws(MalformedXML) {
            try document()
        } catch {
            refusal.add(error.fault)
            throw refusal
        }
        guard !hasEnough else { throw refusal }
        let reference = readGroup()
        guard refusal.count == 0, let currency = tally.currency, let total = tally.total(in: currency) else { throw refusal }
        return PaymentFile(reference: reference, debtorAccount: debtorAccount, total: total, lines: tally.lines)
    }

    // MARK: Document

    private mutating func document() throws(MalformedXML) {
        guard case .start(let name, _)? = try xml.next() else { return }
        guard name == .pain("Document") else {
            refusal.add(
                "/\(name.local)", "namespace", "Document in \(XMLName.painNamespace)", "\(name.local) in \(name.namespace ?? "no namespace")")
            return
        }
        var count = 0
        try children { reader, name, _ throws(MalformedXML) in
            guard name == .pain("CstmrCdtTrfInitn"), count == 0 else { return try reader.refuse(name, in: "/Document", expected: "CstmrCdtTrfInitn, once") }
            count += 1
            try reader.readInitiation()
        }
        guard !hasEnough else { return }
        if count == 0 { refusal.add(Self.initiation, "required", "CstmrCdtTrfInitn", "nothing") }
        // What may not stand behind the root is refused there.
        _ = try xml.next()
    }

    private mutating func readInitiation() throws(MalformedXML) {
        try children { reader, name, attributes throws(MalformedXML) in
            switch name {
            case .pain("GrpHdr") where reader.group == nil:
                reader.group = try reader.xml.node(name, attributes, elements: Self.largestPart)
            case .pain("PmtInf"): try reader.readSection(name, attributes)
            default: try reader.refuse(name, in: Self.initiation, expected: "GrpHdr, once, and PmtInf")
            }
        }
        guard !hasEnough else { return }
        if group == nil { refusal.add("\(Self.initiation)/GrpHdr", "required", "GrpHdr", "nothing") }
        if sections == 0 { refusal.add("\(Self.initiation)/PmtInf", "required", "PmtInf", "nothing") }
    }

    /// Visits the elements in the one whose start was read, up to its end or until there is enough. Each visit reads its own element as far.
    mutating func children(
        _ visit: (inout Pain001Reader, XMLName, [XMLAttribute]) throws(MalformedXML) -> Void
    ) throws(MalformedXML) {
        while !hasEnough, let event = try xml.next() {
            switch event {
            case .start(let name, let attributes): try visit(&self, name, attributes)
            case .text(let text):
                guard text.allSatisfy(\.isWhitespace) else {
                    throw MalformedXML(line: xml.line, expected: "elements without text between them", got: String(text.prefix(60)))
                }
            case .end: return
            }
        }
    }

    mutating func refuse(_ name: XMLName, in place: String, expected: String) throws(MalformedXML) {
        refusal.add("\(place)/\(name.local)", "element", expected, name.local)
        try xml.skip()
    }

    // MARK: Group header

    /// - Returns: `MsgId`.
    private mutating func readGroup() -> String? {
        guard let group else { return nil }
        let place = "\(Self.initiation)/GrpHdr"
        check(group, place, ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"])
        let reference = identifier("MsgId", of: group, place)
        if let made = one("CreDtTm", in: group, place), Timestamp(iso8601: made.text) == nil {
            refusal.add("\(place)/CreDtTm", "date_time", "a date and time", made.text)
        }
        compare(group, with: tally, place, isRequired: true)
        return reference
    }

    /// Whether what a header says of its payments is so.
    mutating func compare(_ node: XMLNode, with tally: PaymentFileTally, _ place: String, isRequired: Bool) {
        if let count = one("NbOfTxs", in: node, place, isRequired: isRequired), Int(count.text) != tally.count {
            refusal.add("\(place)/NbOfTxs", "count", "\(tally.count), the payments in it", count.text)
        }
        guard let sum = one("CtrlSum", in: node, place, isRequired: isRequired), let currency = self.tally.currency else { return }
        guard let stated = Money(controlSum: sum.text, currency: currency), tally.agrees(with: stated) else {
            refusal.add("\(place)/CtrlSum", "total", "\(tally.sumText(in: currency)), the sum of the payments in it", sum.text)
            return
        }
    }
}

extension MalformedXML {
    fileprivate var fault: PaymentFileRefusal.Fault { .init("", PaymentFileRefusal.wellFormed, expected, "\(got) at line \(line)") }
}

extension XMLName {
    static let painNamespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

    static func pain(_ local: String) -> XMLName { XMLName(local, in: painNamespace) }
}

extension Money {
    /// A control sum, whose decimals may be more than the currency has as long as they are zeros.
    fileprivate init?(controlSum text: String, currency: Currency) {
        var text = Substring(text)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        self.init(decimal: String(text), currency: currency)
    }
}
