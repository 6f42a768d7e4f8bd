/// A file of ISO 20022 as a client's program writes it, with parts to replace.
struct Pain001 {
    struct Payment {
        var amount = "100.00"
        var currency = "KES"
        var name = "Kenya Power"
        var account = "<Othr><Id>KPLC-882-001</Id></Othr>"
        var reference = "Bill 77"
        var endToEndID = "E2E-1"
        var more = ""

        var xml: String {
            """
            <CdtTrfTxInf><PmtId><InstrId>I-1</InstrId><EndToEndId>\(endToEndID)</EndToEndId></PmtId><Amt><InstdAmt Ccy="\(currency)">\(amount)</InstdAmt></Amt>
            <CdtrAgt><FinInstnId><BICFI>EQBLKENA</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>\(name)</Nm></Cdtr><CdtrAcct><Id>\(account)</Id></CdtrAcct>\(more)
            <RmtInf><Ustrd>\(reference)</Ustrd></RmtInf></CdtTrfTxInf>
            """
        }
    }

    var count = "2"
    var sum = "300.00"
    var sections: [[Payment]] = [
        [Payment(), Payment(amount: "200.00", name: "Nairobi Water", account: "<IBAN>GB29NWBK60161331926819</IBAN>", endToEndID: "E2E-2")]
    ]
    var debtor = "<Othr><Id>0100-200300</Id></Othr>"
    var date = "<Dt>2026-11-21</Dt>"
    var method = "TRF"
    var header = ""
    var section = ""

    var xml: String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
        <CstmrCdtTrfInitn>
        <GrpHdr><MsgId>SALARIES-11</MsgId><CreDtTm>2026-11-21T06:14:09</CreDtTm><NbOfTxs>\(count)</NbOfTxs><CtrlSum>\(sum)</CtrlSum><InitgPty><Nm>Acme</Nm></InitgPty>\(header)</GrpHdr>
        \(sections.enumerated().map { sectionXML($0, $1) }.joined(separator: "\n"))
        </CstmrCdtTrfInitn>
        </Document>
        """
    }

    private func sectionXML(_ index: Int, _ payments: [Payment]) -> String {
        """
        <PmtInf><PmtInfId>P-\(index)</PmtInfId><PmtMtd>\(method)</PmtMtd>\(section)<PmtTpInf><SvcLvl><Cd>NURG</Cd></SvcLvl></PmtTpInf><ReqdExctnDt>\(date)</ReqdExctnDt>
        <Dbtr><Nm>Acme</Nm></Dbtr><DbtrAcct><Id>\(debtor)</Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>WEKEKENA</BICFI></FinInstnId></DbtrAgt><ChrgBr>SLEV</ChrgBr>
        \(payments.map(\.xml).joined(separator: "\n"))</PmtInf>
        """
    }
}
