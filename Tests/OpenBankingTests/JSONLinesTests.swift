import OpenBanking
import Primitives
import Testing

@Suite("Payments as JSON lines")
struct JSONLinesTests {
    private let header = #"{"count":2,"total":{"amount":"300.00","currency":"KES"},"reference":"Salaries","debtor_account":"acc_everyday"}"#
    private let first = #"{"amount":{"amount":"100.00","currency":"KES"},"creditor":{"name":"Kenya Power","account":"KPLC-882-001"},"reference":"Bill 77"}"#
    private let second =
        #"{"amount":{"amount":"200","currency":"KES"},"creditor":{"name":"Nairobi Water","account":"0100-200301"},"reference":"Bill 78","end_to_end_id":"E2E-2"}"#

    private func read(_ lines: [String], separator: String = "\n") throws(PaymentFileRefusal) -> PaymentFile {
        try PaymentFile(Array(lines.joined(separator: separator).utf8), as: .jsonLines, at: .epoch)
    }

    private func faults(_ lines: [String]) -> [PaymentFileRefusal.Fault] {
        do throws(PaymentFileRefusal) {
            _ = try read(lines)
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `a file is its payments, their sum, and the account that pays`() throws {
        let file = try read([header, first, second])

        #expect(file.reference == "Salaries" && file.debtorAccount == "acc_everyday" && file.total == Money(minorUnits: 30_000, currency: .kes))
        #expect(file.lines.map(\.instruction.amount.minorUnits) == [10_000, 20_000])
        #expect(file.lines.map(\.endToEndID) == [nil, "E2E-2"])
    }

    @Test func `lines end with LF or CRLF, and the last with either or nothing`() throws {
        let file = try read([header, first, second])

        #expect(try read([header, first, second, ""]) == file)
        #expect(try read([header, first, second], separator: "\r\n") == file)
        #expect(try read([header, first, second, ""], separator: "\r\n") == file)
    }

    @Test func `a blank line is no payment`() {
        #expect(faults([header, first, "", second]).map(\.pointer) == ["/lines/3", "/lines/1/count"])
        #expect(faults([header, first, second, "", ""]).map(\.pointer) == ["/lines/4", "/lines/1/count"])
        #expect(faults([""]).map(\.pointer) == ["/lines/1"])
    }

    @Test(arguments: [
        ("1", "/lines/1/count", "count"), ("3", "/lines/1/count", "count"), ("-2", "/lines/1/count", "count"), ("2.0", "/lines/1/count", "type"),
        ("\"2\"", "/lines/1/count", "type"),
    ])
    func `the count is how many lines follow`(count: String, pointer: String, rule: String) {
        let found = faults([header.replacing("\"count\":2", with: "\"count\":\(count)"), first, second])

        #expect(found.map(\.pointer) == [pointer] && found.first?.rule == rule)
    }

    @Test(arguments: ["300.01", "299.99", "0.00", "-300.00"]) func `the total is the sum of the lines`(total: String) {
        let found = faults([header.replacing("300.00", with: total), first, second])

        #expect(found.map(\.pointer) == ["/lines/1/total/amount"] && found.first?.rule == "total")
        #expect(found.first?.expected.hasPrefix("300.00") == true && found.first?.got == total)
    }

    @Test func `a duplicated member is refused with its line, wherever it stands`() {
        for line in [
            first.replacing("\"reference\"", with: "\"reference\":\"other\",\"reference\""),
            first.replacing("\"name\"", with: "\"name\":\"Another\",\"name\""),
            first.replacing("{\"amount\":\"100.00\"", with: "{\"amount\":\"1.00\",\"\\u0061mount\":\"100.00\""),
        ] {
            let found = faults([header, line, second])
            #expect(found.first?.pointer == "/lines/2" && found.first?.rule == PaymentFileRefusal.wellFormed && found.first?.got.contains("twice") == true)
        }
    }

    @Test func `a member that is not known, is missing or of another type is named`() {
        #expect(faults([header.replacing("\"count\"", with: "\"counts\""), first, second]).map(\.pointer) == ["/lines/1/count", "/lines/1/counts"])
        #expect(
            faults([header, first.replacing("\"reference\"", with: "\"referenz\""), second]).map(\.pointer) == ["/lines/2/reference", "/lines/2/referenz"])
        #expect(faults([header, first, second.replacing("\"200\"", with: "200")]).map(\.pointer) == ["/lines/3/amount/amount"])
        #expect(faults([header, "[]", second]).first?.rule == "type")
        #expect(
            faults([header, first, second.replacing("{\"name\":\"Nairobi Water\",\"account\":\"0100-200301\"}", with: "null")]).first?.pointer
                == "/lines/3/creditor")
    }

    @Test func `each rule of a payment is told with its line and member`() {
        let found = faults([
            header, first.replacing("100.00", with: "0"), second.replacing("Nairobi Water", with: " ").replacing("0100-200301", with: "1"),
        ])

        #expect(found.map(\.pointer) == ["/lines/2/amount/amount", "/lines/3/creditor/name", "/lines/3/creditor/account"])
        #expect(found.map(\.rule) == ["amount.positive", "text", "account"])
    }

    @Test func `one currency for the whole file`() {
        let found = faults([header, first, second.replacing("KES", with: "USD")])

        #expect(found.map(\.pointer) == ["/lines/3/amount/currency"] && found.first?.rule == "one_currency")
    }

    @Test func `half a file is refused wherever it is cut`() {
        let bytes = Array([header, first, second].joined(separator: "\n").utf8)
        for length in 0..<bytes.count {
            #expect(throws: PaymentFileRefusal.self) { try PaymentFile(Array(bytes.prefix(length)), as: .jsonLines, at: .epoch) }
        }
    }

    @Test func `a file without payments, and one with more than 10,000, is refused`() throws {
        #expect(faults([header.replacing("\"count\":2", with: "\"count\":0").replacing("300.00", with: "0")]).map(\.pointer) == ["/lines/2"])

        let one = first.replacing("100.00", with: "1.00")
        let most = header.replacing("\"count\":2", with: "\"count\":10000").replacing("300.00", with: "10000.00")
        #expect(try read([most] + Array(repeating: one, count: 10_000)).lines.count == 10_000)
        #expect(faults([most] + Array(repeating: one, count: 10_001)).map(\.rule) == ["lines"])
    }

    @Test func `amounts whose sum is beyond what can be counted are refused`() {
        let most = header.replacing("\"count\":2", with: "\"count\":9500")
        let found = faults([most] + Array(repeating: first.replacing("100.00", with: "9999999999999.99"), count: 9500))

        #expect(found.map(\.rule) == ["total"] && found.first?.expected.contains("64 bits") == true)
    }

    @Test func `a thousand faults end the reading`() {
        do throws(PaymentFileRefusal) {
            _ = try read([header] + Array(repeating: first.replacing("100.00", with: "0"), count: 1000) + ["{"])
            Issue.record("it was taken")
        } catch {
            #expect(error.isFull && error.faults.count == 20 && !error.isMalformed)
        }
    }

    @Test func `10 MiB of anything is refused in the end`() {
        #expect(throws: PaymentFileRefusal.self) { try PaymentFile(Array(repeating: 10, count: PaymentFile.largest), as: .jsonLines, at: .epoch) }
        #expect(throws: PaymentFileRefusal.self) { try PaymentFile(Array(repeating: 91, count: PaymentFile.largest), as: .jsonLines, at: .epoch) }
        #expect(throws: PaymentFileRefusal.self) { try PaymentFile(Array(repeating: 10, count: PaymentFile.largest + 1), as: .jsonLines, at: .epoch) }
    }
}
