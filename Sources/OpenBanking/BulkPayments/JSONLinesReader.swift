import JSON
import Primitives

/// Reads a file of JSON lines: the first line is about the whole, `{"count":2,"total":{"amount":"300.00","currency":"KES"}}`, with `reference` and
/// `debtor_account` where wanted; each other line is one payment, `{"amount":{…},"creditor":{"name":…,"account":…},"reference":…}`, with `end_to_end_id`
/// where wanted.
struct JSONLinesReader {
    private var refusal = PaymentFileRefusal()
    private var tally = PaymentFileTally()
    private var header: Header?

    private struct Header {
        let count: Int64
        let total: Money
        let reference: String?
        let debtorAccount: String?
    }

    /// A line holds one payment: nothing in it is long.
    private static let limits = JSONLimits(bytes: 16_384, depth: 4, members: 16)

    static func read(_ bytes: [UInt8]) throws(PaymentFileRefusal) -> PaymentFile {
        var reader = JSONLinesReader()
        return try reader.file(bytes)
    }

    private mutating func file(_ bytes: [UInt8]) throws(PaymentFileRefusal) -> PaymentFile {
        var number = 0
        var start = bytes.startIndex
        while start < bytes.endIndex, !refusal.isFull {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            number += 1
            guard !tally.isFull else {
                refusal.add("/lines/\(number)", "lines", "at most \(PaymentFile.mostLines) payments", "more")
                break
            }
            read(bytes[start..<end], number)
            start = end + 1
        }
        if number == 0 { refusal.add("/lines/1", "required", "a line about the whole file", "nothing") }
        compare()
        guard refusal.count == 0, let header else { throw refusal }
        return PaymentFile(reference: header.reference, debtorAccount: header.debtorAccount, total: header.total, lines: tally.lines)
    }

    private mutating func read(_ bytes: ArraySlice<UInt8>, _ number: Int) {
        let value: JSONValue
        do throws(MalformedJSON) {
            value = try JSONValue(parsing: Array(bytes), limits: Self.limits)
        } catch {
            refusal.add("/lines/\(number)", PaymentFileRefusal.wellFormed, error.expected, "\(error.got) at byte \(error.offset) of the line")
            if number > 1 { tally.addFaulty() }
            return
        }
        if number == 1 { header = readHeader(value) } else { readPayment(value, "/lines/\(number)") }
    }

    private mutating func readHeader(_ value: JSONValue) -> Header? {
        let before = refusal.count
        checkMembers(of: value, "/lines/1", required: ["count", "total"], optional: ["reference", "debtor_account"])
        let total = amount(value["total"], "/lines/1/total")
        if value["count"] != nil, value["count"]?.integer == nil {
            refusal.add("/lines/1/count", "type", "a whole number", value["count"]?.text ?? "")
        }
        let reference = text(value["reference"], "/lines/1/reference")
        let debtorAccount = text(value["debtor_account"], "/lines/1/debtor_account")
        if let reference, !isText(reference, longest: 140) {
            refusal.add("/lines/1/reference", "text", "1 to 140 printable characters that are not all spaces", reference)
        }
        if let debtorAccount, AccountID(debtorAccount) == nil, !Creditor.isAccount(debtorAccount) {
            refusal.add("/lines/1/debtor_account", "account", "an account's id or its number", debtorAccount)
        }
        guard refusal.count == before, let total, let count = value["count"]?.integer else { return nil }
        return Header(count: count, total: total, reference: reference, debtorAccount: debtorAccount)
    }

    private mutating func readPayment(_ value: JSONValue, _ place: String) {
        let before = refusal.count
        checkMembers(of: value, place, required: ["amount", "creditor", "reference"], optional: ["end_to_end_id"])
        if let amount = value["amount"] { checkMembers(of: amount, "\(place)/amount", required: ["amount", "currency"]) }
        if let creditor = value["creditor"] { checkMembers(of: creditor, "\(place)/creditor", required: ["name", "account"]) }
        let texts = [("amount", "amount"), ("amount", "currency"), ("creditor", "name"), ("creditor", "account")].map { outer, inner in
            text(value[outer]?[inner], "\(place)/\(outer)/\(inner)") ?? ""
        }
        let reference = text(value["reference"], "\(place)/reference") ?? ""
        let endToEndID = text(value["end_to_end_id"], "\(place)/end_to_end_id")
        if let endToEndID, !isText(endToEndID, longest: 35) {
            refusal.add("\(place)/end_to_end_id", "text", "1 to 35 printable characters that are not all spaces", endToEndID)
        }
        guard refusal.count == before else {
            tally.addFaulty()
            return
        }
        do throws(PaymentInstructionRefusal) {
            let instruction = try PaymentInstruction(
                amount: texts[0], currency: texts[1], creditorName: texts[2], creditorAccount: texts[3], reference: reference)
            tally.add(PaymentFileLine(instruction: instruction, endToEndID: endToEndID))
            check(instruction.amount.currency, place)
        } catch {
            for fault in error.faults { refusal.add("\(place)/\(fault.member.rawValue)", fault.rule, fault.expected, fault.got) }
            tally.addFaulty()
        }
    }

    private mutating func check(_ currency: Currency, _ place: String) {
        guard let total = header?.total, total.currency != currency else { return }
        refusal.add("\(place)/amount/currency", "one_currency", total.currency.rawValue, currency.rawValue)
    }

    private mutating func compare() {
        guard let header else { return }
        if header.count != Int64(tally.count) {
            refusal.add("/lines/1/count", "count", "\(tally.count), the lines after it", "\(header.count)")
        } else if tally.count == 0 {
            refusal.add("/lines/2", "required", "a payment", "nothing")
        }
        let isOneCurrency = tally.lines.allSatisfy { $0.instruction.amount.currency == header.total.currency }
        if isOneCurrency, !tally.agrees(with: header.total) {
            refusal.add("/lines/1/total/amount", "total", "\(tally.sumText(in: header.total.currency)), the sum of the lines", header.total.decimal)
        }
    }

    // MARK: Members

    private mutating func checkMembers(of value: JSONValue, _ place: String, required: [String], optional: [String] = []) {
        guard let object = value.object else {
            refusal.add(place, "type", "an object", value.typeName)
            return
        }
        for name in required where object[name] == nil { refusal.add("\(place)/\(name)", "required", name, "nothing") }
        for name in object.names where !required.contains(name) && !optional.contains(name) {
            refusal.add("\(place)/\(name.prefix(60))", "member", (required + optional).joined(separator: ", "), name)
        }
    }

    private mutating func text(_ value: JSONValue?, _ place: String) -> String? {
        guard let value else { return nil }
        if value.string == nil { refusal.add(place, "type", "a text", value.typeName) }
        return value.string
    }

    private mutating func amount(_ value: JSONValue?, _ place: String) -> Money? {
        guard let value else { return nil }
        let before = refusal.count
        checkMembers(of: value, place, required: ["amount", "currency"])
        let amount = text(value["amount"], "\(place)/amount") ?? ""
        let currency = text(value["currency"], "\(place)/currency") ?? ""
        guard refusal.count == before else { return nil }
        guard let known = Currency(rawValue: currency) else {
            refusal.add("\(place)/currency", "currency", "one of \(Currency.allCases.map(\.rawValue).joined(separator: ", "))", currency)
            return nil
        }
        guard let money = Money(decimal: amount, currency: known) else {
            refusal.add("\(place)/amount", "amount", "a decimal number as \(known.rawValue) has them", amount)
            return nil
        }
        return money
    }
}
