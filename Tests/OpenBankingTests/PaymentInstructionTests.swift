import OpenBanking
import Primitives
import Testing

@Suite("Payment instructions")
struct PaymentInstructionTests {
    private func instruction(
        amount: String = "1250.00", currency: String = "KES", name: String = "Kenya Power", account: String = "KPLC-882-001", reference: String = "Bill 77"
    ) throws(PaymentInstructionRefusal) -> PaymentInstruction {
        try PaymentInstruction(amount: amount, currency: currency, creditorName: name, creditorAccount: account, reference: reference)
    }

    private func faults(_ make: () throws(PaymentInstructionRefusal) -> PaymentInstruction) -> [PaymentInstructionRefusal.Fault] {
        do throws(PaymentInstructionRefusal) {
            _ = try make()
            return []
        } catch {
            return error.faults
        }
    }

    @Test(arguments: [
        ("1250.00", "KES", 125_000), ("1250", "KES", 125_000), ("0.01", "USD", 1), ("1250", "JPY", 1250), ("1.005", "KWD", 1005), ("7", "UGX", 7),
    ])
    func `amounts have the decimals of their currency`(amount: String, currency: String, units: Int64) throws {
        #expect(try instruction(amount: amount, currency: currency).amount.minorUnits == units)
    }

    @Test(arguments: [
        ("0", "KES"), ("0.00", "KES"), ("-1.00", "KES"), ("1.001", "KES"), ("1.5", "JPY"), ("1.0005", "KWD"), ("1e3", "KES"), ("1,000", "KES"), ("", "KES"),
        (".5", "KES"), ("5.", "KES"), ("NaN", "KES"), ("99999999999999", "KES"), ("+5", "KES"), (" 5", "KES"), ("٥", "KES"), ("0x10", "KES"), ("--5", "KES"),
    ])
    func `an amount that is none, or has no value, is refused by name`(amount: String, currency: String) {
        let found = faults { () throws(PaymentInstructionRefusal) in try instruction(amount: amount, currency: currency) }

        #expect(found.map(\.member) == [.amount])
        #expect(found.first?.got == amount)
    }

    @Test(arguments: ["EUR", "kes", "", "KE", "KESS"]) func `a currency the bank does not keep is refused`(currency: String) {
        #expect(faults { () throws(PaymentInstructionRefusal) in try instruction(currency: currency) }.map(\.member) == [.currency])
    }

    @Test(arguments: ["KE12345", "GB29NWBK60161331926819", "254700-000-001", "abcdef", String(repeating: "A", count: 34)])
    func `an account is an IBAN or 6 to 34 letters, digits and dashes`(account: String) throws {
        #expect(try instruction(account: account).creditor.account == account)
    }

    @Test(arguments: ["12345", String(repeating: "A", count: 35), "12 34 56", "12345é", "", "abc_def", "١٢٣٤٥٦"])
    func `any other account is refused`(account: String) {
        #expect(faults { () throws(PaymentInstructionRefusal) in try instruction(account: account) }.map(\.member) == [.creditorAccount])
    }

    @Test(arguments: ["", "   ", "a\u{0}b", "a\nb", "pay \u{202E}elttil", "zero\u{200B}width", String(repeating: "x", count: 141)])
    func `words that a person cannot read as they are meant are refused`(text: String) {
        #expect(faults { () throws(PaymentInstructionRefusal) in try instruction(name: text) }.map(\.member) == [.creditorName])
        #expect(faults { () throws(PaymentInstructionRefusal) in try instruction(reference: text) }.map(\.member) == [.reference])
    }

    @Test func `every fault is told at once`() {
        let found = faults { () throws(PaymentInstructionRefusal) in try instruction(amount: "0", name: "", account: "1", reference: "") }

        #expect(found.map(\.member) == [.amount, .creditorName, .creditorAccount, .reference])
    }

    @Test func `an instruction differs in each member that is not the same, byte for byte`() throws {
        let approved = try instruction(name: "Caf\u{E9}")

        #expect(approved.differences(from: approved).isEmpty)
        #expect(try approved.differences(from: instruction(amount: "1250.01", name: "Caf\u{E9}")).map(\.member) == [.amount])
        #expect(try approved.differences(from: instruction(name: "Cafe\u{301}")).map(\.member) == [.creditorName])
        let other = try instruction(amount: "1250", currency: "USD", name: "Kenya power", account: "KPLC-882-002", reference: "Bill 78")
        #expect(approved.differences(from: other).map(\.member) == [.currency, .creditorName, .creditorAccount, .reference])
    }
}
