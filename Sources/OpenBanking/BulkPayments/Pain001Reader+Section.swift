import Primitives
import XML

extension Pain001Reader {
    /// What `PmtInf` may hold beside its payments. Who the debtor and the debtor's bank are, this bank knows; it charges nothing and has one priority.
    private static let sectionParts = [
        "PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr",
    ]
    private static let expectedInSection = "CdtTrfTxInf, and each once \(sectionParts.joined(separator: ", "))"

    mutating func readSection(_ name: XMLName, _ attributes: [XMLAttribute]) throws(MalformedXML) {
        sections += 1
        let place = "\(Self.initiation)/PmtInf[\(sections)]"
        var payments = PaymentFileTally()
        var parts: [XMLNode] = []
        try children { reader, name, attributes throws(MalformedXML) in
            if name == .pain("CdtTrfTxInf") {
                let node = try reader.xml.node(name, attributes, elements: Self.largestPart)
                reader.readPayment(node, "\(place)/CdtTrfTxInf[\(payments.count + 1)]", &payments)
            } else if Self.sectionParts.contains(where: { name == .pain($0) }), !parts.contains(where: { $0.name == name }) {
                parts.append(try reader.xml.node(name, attributes, elements: Self.largestPart))
            } else {
                try reader.refuse(name, in: place, expected: Self.expectedInSection)
            }
        }
        guard !hasEnough else { return }
        if payments.count == 0 { refusal.add("\(place)/CdtTrfTxInf", "required", "CdtTrfTxInf", "nothing") }
        check(XMLNode(name, attributes, children: parts), payments, place)
    }

    private mutating func check(_ section: XMLNode, _ payments: PaymentFileTally, _ place: String) {
        _ = identifier("PmtInfId", of: section, place)
        if let method = one("PmtMtd", in: section, place), method.text != "TRF" {
            refusal.add("\(place)/PmtMtd", "payment_method", "TRF", method.text)
        }
        // All of a file is booked in one entry: a sender that wants an entry for each payment would not get it.
        if let batch = one("BtchBookg", in: section, place, isRequired: false), batch.text != "true", batch.text != "1" {
            refusal.add("\(place)/BtchBookg", "batch_booking", "true", batch.text)
        }
        compare(section, with: payments, place, isRequired: false)
        checkDate(of: section, place)
        guard let account = account(of: section, "DbtrAcct", place) else { return }
        if !Creditor.isAccount(account.text) {
            refusal.add(account.place, "account", "an IBAN, or 6 to 34 letters, digits and dashes", account.text)
        } else if let debtorAccount, debtorAccount != account.text {
            refusal.add(account.place, "one_debtor", "\(debtorAccount), the account that pays the payments before", account.text)
        } else {
            debtorAccount = account.text
        }
    }

    /// A file is carried out when its customer has approved it: nothing waits for a later day.
    private mutating func checkDate(of section: XMLNode, _ place: String) {
        guard let date = one("ReqdExctnDt", in: section, place) else { return }
        check(date, "\(place)/ReqdExctnDt", ["Dt", "DtTm"])
        let isDay = date[.pain("Dt")] != nil
        guard let text = one(isDay ? "Dt" : "DtTm", in: date, "\(place)/ReqdExctnDt")?.text else { return }
        let leaf = "\(place)/ReqdExctnDt/\(isDay ? "Dt" : "DtTm")"
        guard let moment = Timestamp(iso8601: text) else {
            refusal.add(leaf, "date", "a date", text)
            return
        }
        let today = BankCalendar.day(of: now)
        guard (isDay ? moment.date : BankCalendar.day(of: moment)) <= today else {
            refusal.add(leaf, "execution_date", "\(today) or earlier: a file is carried out once it is approved", text)
            return
        }
    }

    // MARK: One payment

    /// Who is behind the creditor's account, its bank and what the payment is for, change nothing here: the account's number says which bank it is at.
    private static let paymentParts = ["PmtId", "PmtTpInf", "Amt", "ChrgBr", "CdtrAgt", "Cdtr", "CdtrAcct", "Purp", "RmtInf"]

    private mutating func readPayment(_ node: XMLNode, _ place: String, _ payments: inout PaymentFileTally) {
        guard !tally.isFull else {
            refusal.add(place, "lines", "at most \(PaymentFile.mostLines) payments", "more")
            isOverfull = true
            return
        }
        guard let line = line(node, place) else {
            tally.addFaulty()
            payments.addFaulty()
            return
        }
        let currency = line.instruction.amount.currency
        if let first = tally.currency, first != currency {
            refusal.add("\(place)/Amt/InstdAmt/@Ccy", "one_currency", first.rawValue, currency.rawValue)
            tally.addFaulty()
            payments.addFaulty()
            return
        }
        tally.add(line)
        payments.add(line)
    }

    private mutating func line(_ node: XMLNode, _ place: String) -> PaymentFileLine? {
        let before = refusal.count
        check(node, place, Self.paymentParts)
        let endToEndID = endToEndID(of: node, place)
        let amount = amount(of: node, place)
        let name = creditorName(of: node, place)
        let account = account(of: node, "CdtrAcct", place)
        let reference = reference(of: node, place)
        guard refusal.count == before, let amount, let name, let account, let reference else { return nil }
        do throws(PaymentInstructionRefusal) {
            let instruction = try PaymentInstruction(
                amount: amount.text, currency: amount.attribute("Ccy") ?? "", creditorName: name, creditorAccount: account.text, reference: reference)
            return PaymentFileLine(instruction: instruction, endToEndID: endToEndID)
        } catch {
            for fault in error.faults {
                let element =
                    switch fault.member {
                    case .amount: "\(place)/Amt/InstdAmt"
                    case .currency: "\(place)/Amt/InstdAmt/@Ccy"
                    case .creditorName: "\(place)/Cdtr/Nm"
                    case .creditorAccount: account.place
                    case .reference: "\(place)/RmtInf/Ustrd"
                    // A day is no part of an instruction.
                    case .executionDate, .frequency, .firstDate, .lastDate: place
                    }
                refusal.add(element, fault.rule, fault.expected, fault.got)
            }
            return nil
        }
    }

    private mutating func endToEndID(of node: XMLNode, _ place: String) -> String? {
        guard let id = one("PmtId", in: node, place) else { return nil }
        check(id, "\(place)/PmtId", ["InstrId", "EndToEndId", "UETR"])
        return identifier("EndToEndId", of: id, "\(place)/PmtId")
    }

    private mutating func amount(of node: XMLNode, _ place: String) -> XMLNode? {
        guard let amount = one("Amt", in: node, place) else { return nil }
        check(amount, "\(place)/Amt", ["InstdAmt"])
        guard let instructed = one("InstdAmt", in: amount, "\(place)/Amt") else { return nil }
        if instructed.attribute("Ccy") == nil { refusal.add("\(place)/Amt/InstdAmt/@Ccy", "required", "Ccy", "nothing") }
        return instructed
    }

    private mutating func creditorName(of node: XMLNode, _ place: String) -> String? {
        guard let creditor = one("Cdtr", in: node, place) else { return nil }
        check(creditor, "\(place)/Cdtr", ["Nm", "PstlAdr", "Id", "CtryOfRes", "CtctDtls"])
        return one("Nm", in: creditor, "\(place)/Cdtr")?.text
    }

    /// The words that the creditor reads, as one text.
    private mutating func reference(of node: XMLNode, _ place: String) -> String? {
        guard let remittance = one("RmtInf", in: node, place) else { return nil }
        check(remittance, "\(place)/RmtInf", ["Ustrd"])
        return one("Ustrd", in: remittance, "\(place)/RmtInf")?.text
    }

    // MARK: Elements

    /// An account's number, IBAN or not, and the element that holds it.
    private mutating func account(of node: XMLNode, _ name: String, _ place: String) -> (text: String, place: String)? {
        let place = "\(place)/\(name)"
        guard let account = node[.pain(name)] else {
            refusal.add(place, "required", name, "nothing")
            return nil
        }
        check(account, place, ["Id", "Tp", "Ccy", "Nm"])
        guard let id = one("Id", in: account, place) else { return nil }
        check(id, "\(place)/Id", ["IBAN", "Othr"])
        guard id.children.count <= 1 else {
            refusal.add("\(place)/Id", "once", "IBAN or Othr", "both")
            return nil
        }
        guard id[.pain("Othr")] != nil else { return one("IBAN", in: id, "\(place)/Id").map { ($0.text, "\(place)/Id/IBAN") } }
        guard let other = one("Othr", in: id, "\(place)/Id") else { return nil }
        check(other, "\(place)/Id/Othr", ["Id", "SchmeNm", "Issr"])
        return one("Id", in: other, "\(place)/Id/Othr").map { ($0.text, "\(place)/Id/Othr/Id") }
    }

    /// `Max35Text`
    mutating func identifier(_ name: String, of node: XMLNode, _ place: String) -> String? {
        guard let element = one(name, in: node, place) else { return nil }
        guard isText(element.text, longest: 35) else {
            refusal.add("\(place)/\(name)", "text", "1 to 35 printable characters that are not all spaces", element.text)
            return nil
        }
        return element.text
    }

    /// The one child of this name.
    mutating func one(_ name: String, in node: XMLNode, _ place: String, isRequired: Bool = true) -> XMLNode? {
        let found = node.children.filter { $0.name == .pain(name) }
        guard let first = found.first else {
            if isRequired { refusal.add("\(place)/\(name)", "required", name, "nothing") }
            return nil
        }
        guard found.count == 1 else {
            refusal.add("\(place)/\(name)", "once", "\(name) once", "\(found.count) times")
            return nil
        }
        return first
    }

    /// Refuses children that are not known here, by name.
    mutating func check(_ node: XMLNode, _ place: String, _ names: [String]) {
        let unknown = node.children.filter { child in !names.contains { child.name == .pain($0) } }
        guard !unknown.isEmpty else { return }
        let expected = names.joined(separator: ", ")
        for child in unknown { refusal.add("\(place)/\(child.name.local)", "element", expected, child.name.local) }
    }
}
