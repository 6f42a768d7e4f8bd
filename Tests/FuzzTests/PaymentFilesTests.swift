import OpenBanking
import Primitives
import Testing
import XML

/// Hostile files of payments: each reader ends, traps on none, and what it takes adds up.
@Suite("Fuzzed payment files")
struct PaymentFilesTests {
    private static let now = Timestamp(seconds: 1_795_240_800)

    private static let jsonLines = [
        #"""
        {"count":2,"total":{"amount":"300.00","currency":"KES"},"reference":"Salaries","debtor_account":"acc_everyday"}
        {"amount":{"amount":"100.00","currency":"KES"},"creditor":{"name":"Kenya Power","account":"KPLC-882-001"},"reference":"Bill 77"}
        {"amount":{"amount":"200.00","currency":"KES"},"creditor":{"name":"Nairobi Water","account":"0100-200301"},"reference":"Bill 78","end_to_end_id":"E2E-2"}
        """#
    ]

    private static let pain001 = [
        #"""
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- salaries --><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" xmlns:x="urn:x"><CstmrCdtTrfInitn><GrpHdr><MsgId>S-11</MsgId><CreDtTm>2026-11-21T06:14:09</CreDtTm><NbOfTxs>2</NbOfTxs><CtrlSum>300.00</CtrlSum></GrpHdr>
        <PmtInf><PmtInfId>P-1</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg><NbOfTxs>2</NbOfTxs><CtrlSum>300</CtrlSum><ReqdExctnDt><Dt>2026-11-21</Dt></ReqdExctnDt><DbtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></DbtrAcct>
        <CdtTrfTxInf><PmtId><EndToEndId>E-1</EndToEndId></PmtId><Amt><InstdAmt Ccy="KES">100.00</InstdAmt></Amt><Cdtr><Nm>Fish &amp; Chips &#x1F4A5;</Nm></Cdtr><CdtrAcct><Id><Othr><Id>KPLC-882-001</Id></Othr></Id></CdtrAcct><RmtInf><Ustrd><![CDATA[Bill <77>]]></Ustrd></RmtInf></CdtTrfTxInf>
        <CdtTrfTxInf><PmtId><EndToEndId>E-2</EndToEndId></PmtId><Amt><InstdAmt Ccy='KES'>200.00</InstdAmt></Amt><Cdtr><Nm>Nairobi Water</Nm></Cdtr><CdtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></CdtrAcct><RmtInf><Ustrd>Bill 78</Ustrd></RmtInf></CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>
        """#
    ]

    @Test(arguments: [(PaymentFileFormat.jsonLines, jsonLines), (.pain001, pain001)])
    func `what is taken of a file adds up, and what is refused is told by rules`(format: PaymentFileFormat, samples: [String]) throws {
        for sample in samples { _ = try PaymentFile(Array(sample.utf8), as: format, at: Self.now) }
        let mutator = Mutator(samples)
        for _ in 0..<Mutator.cases {
            do throws(PaymentFileRefusal) {
                let file = try PaymentFile(mutator.next(), as: format, at: Self.now)
                let sum = file.lines.reduce(Int64(0)) { $0 + $1.instruction.amount.minorUnits }
                #expect(sum == file.total.minorUnits && !file.lines.isEmpty && file.lines.allSatisfy { $0.instruction.amount.minorUnits > 0 })
                #expect(file.lines.allSatisfy { $0.instruction.amount.currency == file.total.currency })
            } catch {
                #expect(error.count >= error.faults.count && (1...20).contains(error.faults.count))
                #expect(error.faults.allSatisfy { !$0.rule.isEmpty && $0.got.count <= 80 })
            }
        }
    }

    @Test func `XML that is read has as many ends as starts, and no declaration of a type`() {
        let mutator = Mutator(Self.pain001 + ["<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a xmlns:p='u'><p:b c='&lt;'/>]]&gt;<!-- x --></a>"])
        for _ in 0..<Mutator.cases {
            let bytes = mutator.next()
            guard var reader = try? XMLReader(bytes, limits: XMLLimits(bytes: 1 << 20)) else { continue }
            var depth = 0
            do {
                while let event = try reader.next() {
                    switch event {
                    case .start: depth += 1
                    case .end: depth -= 1
                    case .text(let text): #expect(!text.isEmpty)
                    }
                }
                #expect(depth == 0)
                #expect(String(decoding: bytes, as: UTF8.self).firstRange(of: "<a>&b;") == nil)
            } catch {
                #expect(error is MalformedXML)
            }
        }
    }
}
