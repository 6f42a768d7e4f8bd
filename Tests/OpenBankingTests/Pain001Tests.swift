import OpenBanking
import Primitives
import Testing

@Suite("ISO 20022 pain.001.001.09")
struct Pain001Tests {
    private let now = Timestamp(iso8601: "2026-11-21T12:00:00Z")!  // a constant that parses

    private func read(_ text: String) throws(PaymentFileRefusal) -> PaymentFile { try PaymentFile(Array(text.utf8), as: .pain001, at: now) }

    private func faults(_ text: String) -> [PaymentFileRefusal.Fault] {
        refusal(text)?.faults ?? []
    }

    private func refusal(_ text: String) -> PaymentFileRefusal? {
        do throws(PaymentFileRefusal) {
            _ = try read(text)
            return nil
        } catch {
            return error
        }
    }

    private let place = "/Document/CstmrCdtTrfInitn"

    @Test func `a file is its payments, their sum, and the account that pays`() throws {
        let file = try read(Pain001().xml)

        #expect(file.reference == "SALARIES-11" && file.debtorAccount == "0100-200300")
        #expect(file.total == Money(minorUnits: 30_000, currency: .kes))
        #expect(file.lines.map(\.endToEndID) == ["E2E-1", "E2E-2"])
        #expect(file.lines.map(\.instruction.creditor.account) == ["KPLC-882-001", "GB29NWBK60161331926819"])
        #expect(file.lines.map(\.instruction.creditor.name) == ["Kenya Power", "Nairobi Water"])
        #expect(file.lines.map(\.instruction.reference) == ["Bill 77", "Bill 77"])
    }

    @Test func `a prefix, CDATA and references say the same`() throws {
        let plain = Pain001(count: "1", sum: "100", sections: [[.init(name: "Fish &amp; <![CDATA[Chips]]>")]]).xml
        let prefixed = plain.replacing("xmlns=", with: "xmlns:p=").replacing("<", with: "<p:").replacing("<p:/", with: "</p:").replacing("<p:?", with: "<?")
            .replacing("<p:![", with: "<![")

        #expect(try read(plain).lines.first?.instruction.creditor.name == "Fish & Chips")
        #expect(try read(prefixed) == read(plain))
    }

    @Test func `several parts with one debtor are one file, and each part's own sums are compared`() throws {
        let file = try read(Pain001(sections: [[.init()], [.init(amount: "200.00")]]).xml)
        #expect(file.lines.count == 2)

        let found = faults(Pain001(sections: [[.init()], [.init(amount: "200.00")]], section: "<NbOfTxs>1</NbOfTxs><CtrlSum>100.00</CtrlSum>").xml)
        #expect(found.map(\.pointer) == ["\(place)/PmtInf[2]/CtrlSum"])
        #expect(found.first?.rule == "total" && found.first?.expected.hasPrefix("200.00") == true && found.first?.got == "100.00")
    }

    @Test(arguments: [
        ("300", true), ("300.0", true), ("300.00000", true), ("300.01", false), ("299.99", false), ("-300", false), ("3e2", false), ("", false),
        ("99999999999999999999", false),
    ])
    func `CtrlSum is the sum, however many zeros it ends with`(sum: String, isTaken: Bool) {
        #expect(faults(Pain001(sum: sum).xml).map(\.pointer) == (isTaken ? [] : ["\(place)/GrpHdr/CtrlSum"]))
    }

    @Test(arguments: ["1", "3", "", "two", "2.0", "-2"]) func `NbOfTxs is how many there are`(count: String) {
        let found = faults(Pain001(count: count).xml)

        #expect(found.map(\.pointer) == ["\(place)/GrpHdr/NbOfTxs"] && found.first?.rule == "count")
    }

    @Test func `every fault of every payment is told by its element`() {
        let payments: [Pain001.Payment] = [
            .init(amount: "0"), .init(currency: "EUR"), .init(name: "\u{202E}drow"), .init(account: "<IBAN>12</IBAN>"), .init(reference: " "),
            .init(amount: "1.001"), .init(endToEndID: String(repeating: "x", count: 36)),
        ]
        let found = faults(Pain001(count: "7", sum: "1", sections: [payments]).xml)

        #expect(
            found.map(\.pointer)
                == [
                    "1]/Amt/InstdAmt", "2]/Amt/InstdAmt/@Ccy", "3]/Cdtr/Nm", "4]/CdtrAcct/Id/IBAN", "5]/RmtInf/Ustrd", "6]/Amt/InstdAmt", "7]/PmtId/EndToEndId",
                ].map { "\(place)/PmtInf[1]/CdtTrfTxInf[\($0)" })
    }

    @Test func `one currency, and one debtor, for the whole file`() {
        let mixed = faults(Pain001(sections: [[.init(), .init(currency: "USD")]]).xml)
        #expect(mixed.map(\.pointer) == ["\(place)/PmtInf[1]/CdtTrfTxInf[2]/Amt/InstdAmt/@Ccy"] && mixed.first?.rule == "one_currency")

        let text = Pain001(sections: [[.init()], [.init(amount: "200.00")]]).xml
        let last = text.ranges(of: "0100-200300").last
        let other = last.map { text.replacingCharacters(in: $0, with: "0100-200301") } ?? ""
        #expect(faults(other).map(\.rule) == ["one_debtor"])
    }

    @Test(arguments: [
        ("<UltmtCdtr><Nm>Another</Nm></UltmtCdtr>", "UltmtCdtr"), ("<IntrmyAgt1/>", "IntrmyAgt1"), ("<XchgRateInf/>", "XchgRateInf"),
        ("<Cdtr><Nm>Another</Nm></Cdtr>", "Cdtr"), ("<x xmlns='urn:other'/>", "x"),
    ])
    func `an element that asks for what would not happen is refused by its name`(more: String, name: String) {
        let found = faults(Pain001(count: "1", sum: "100.00", sections: [[.init(more: more)]]).xml)

        #expect(found.first?.pointer == "\(place)/PmtInf[1]/CdtTrfTxInf[1]/\(name)", "\(found)")
    }

    @Test func `a cheque, entries one by one and a later day are not done here`() {
        #expect(faults(Pain001(method: "CHK").xml).map(\.rule) == ["payment_method"])
        #expect(faults(Pain001(section: "<BtchBookg>false</BtchBookg>").xml).map(\.rule) == ["batch_booking"])
        #expect(faults(Pain001(section: "<BtchBookg>true</BtchBookg>").xml).isEmpty)
        #expect(faults(Pain001(date: "<Dt>2026-11-22</Dt>").xml).map(\.rule) == ["execution_date"])
        #expect(faults(Pain001(date: "<DtTm>2026-11-21T21:00:00Z</DtTm>").xml).map(\.rule) == ["execution_date"])
        #expect(faults(Pain001(date: "<Dt>2026-02-30</Dt>").xml).map(\.rule) == ["date"])
        #expect(faults(Pain001(date: "<DtTm>2026-11-21T20:59:59Z</DtTm>").xml).isEmpty)
    }

    @Test(arguments: ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "PmtInfId", "PmtMtd", "EndToEndId", "InstdAmt", "Ustrd", "DbtrAcct", "CdtrAcct", "Nm"])
    func `what must be there is asked for by its name`(name: String) {
        let text = Pain001(count: "1", sum: "100.00", sections: [[.init()]]).xml
        // The creditor's name is the last of three.
        let openings = text.ranges(of: "<\(name)")
        let start = (name == "Nm" ? openings.last : openings.first)?.lowerBound ?? text.startIndex
        let end = text[start...].firstRange(of: "</\(name)>")?.upperBound ?? start
        let found = faults(text.replacingCharacters(in: start..<end, with: ""))

        #expect(found.first?.rule == "required" && found.first?.pointer.hasSuffix("/\(name)") == true, "\(found)")
    }

    @Test(arguments: [
        "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03", "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09 ", "",
    ])
    func `another version of the message is refused`(namespace: String) {
        let text = Pain001().xml.replacing("urn:iso:std:iso:20022:tech:xsd:pain.001.001.09", with: namespace)

        #expect(faults(text).map(\.rule) == ["namespace"])
    }

    @Test(arguments: [
        "<?xml version=\"1.0\"?><!DOCTYPE Document [<!ENTITY x \"x\">]>", "<!DOCTYPE Document SYSTEM \"http://attacker.example/x.dtd\">",
        "<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>",
    ])
    func `no document type, no entity, no address`(prolog: String) throws {
        let text = prolog + Pain001().xml.replacing("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", with: "").replacing("Bill 77", with: "&c;")
        let found = faults(text)

        #expect(found.map(\.rule) == [PaymentFileRefusal.wellFormed])
        #expect(found.first?.expected.contains("document type declarations are not read") == true)
    }

    @Test func `half a file is refused wherever it is cut`() {
        let bytes = Array(Pain001().xml.utf8)
        for length in stride(from: 0, to: bytes.count - 12, by: 7) {
            #expect(throws: PaymentFileRefusal.self) { try PaymentFile(Array(bytes.prefix(length)), as: .pain001, at: now) }
        }
    }

    @Test func `20 faults are told, and all are counted`() throws {
        let text = Pain001(count: "30", sum: "1", sections: [Array(repeating: .init(amount: "0"), count: 30)]).xml

        do throws(PaymentFileRefusal) {
            _ = try read(text)
            Issue.record("it was taken")
        } catch {
            #expect(error.count == 30 && error.faults.count == 20 && !error.isMalformed)
        }
    }

    @Test func `10,000 payments are taken, and no more`() throws {
        let payment = Pain001.Payment(amount: "1.00")
        #expect(try read(Pain001(count: "10000", sum: "10000", sections: [Array(repeating: payment, count: 10_000)]).xml).lines.count == 10_000)

        let found = faults(Pain001(count: "10001", sum: "10001", sections: [Array(repeating: payment, count: 10_001)]).xml)
        #expect(found.map(\.rule) == ["lines"], "\(found)")
    }

    @Test(arguments: ["<A/>", "<PmtInf/>", "<PmtInf><A/></PmtInf>"]) func `a thousand faults end the reading`(part: String) throws {
        let start = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn>"

        let found = try #require(refusal(start + String(repeating: part, count: 1000) + "</B>"))
        #expect(found.isFull && found.count < 1010 && found.faults.count == 20 && !found.isMalformed)

        // What is broken before them is read.
        #expect(refusal(start + String(repeating: part, count: 100) + "</B>")?.isMalformed == true)
    }

    @Test func `a payment too many ends the reading of all its parts`() {
        let full = Pain001(sections: [Array(repeating: Pain001.Payment(), count: 10_001)]).xml
        let broken = full.replacing("</CstmrCdtTrfInitn>", with: "</B>")

        #expect(faults(broken).map(\.rule) == ["lines"])
    }
}

extension String {
    /// The text with a part of it replaced.
    func replacingCharacters(in range: Range<String.Index>, with text: String) -> String { self[..<range.lowerBound] + text + self[range.upperBound...] }
}
