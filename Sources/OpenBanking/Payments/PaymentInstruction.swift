public import Primitives

/// What a payment moves, to whom, and with which words. The customer approves exactly this, and the app may send exactly this: dynamic linking
/// (Delegated Regulation (EU) 2018/389, article 5).
public struct PaymentInstruction: Hashable, Sendable {
    public let amount: Money
    public let creditor: Creditor
    /// What the creditor reads on their statement.
    public let reference: String

    /// - Throws: every rule that the values break, each with the member it is about.
    public init(
        amount: String, currency: String, creditorName: String, creditorAccount: String, reference: String
    ) throws(PaymentInstructionRefusal) {
        var faults: [PaymentInstructionRefusal.Fault] = []
        var money: Money?
        do throws(PaymentInstructionRefusal) { money = try Money(positive: amount, currency: currency) } catch { faults += error.faults }
        var creditor: Creditor?
        do throws(PaymentInstructionRefusal) {
            creditor = try Creditor(checkedName: creditorName, account: creditorAccount)
        } catch {
            faults += error.faults
        }
        if !isText(reference, longest: 140) {
            faults.append(.init(.reference, "text", "1 to 140 printable characters that are not all spaces", reference))
        }
        guard let money, let creditor, faults.isEmpty else { throw PaymentInstructionRefusal(faults: faults) }
        self.init(stored: money, creditor: creditor, reference: reference)
    }

    /// Values that passed the rules before and were kept.
    public init(stored amount: Money, creditor: Creditor, reference: String) {
        self.amount = amount
        self.creditor = creditor
        self.reference = reference
    }
}

/// Who is paid.
public struct Creditor: Hashable, Sendable {
    public let name: String
    /// An account number of the bank, or of another bank when the bank holds no such account.
    public let account: String

    public init(name: String, account: String) {
        self.name = name
        self.account = account
    }

    /// - Throws: every rule that the values break.
    public init(checkedName name: String, account: String) throws(PaymentInstructionRefusal) {
        var faults: [PaymentInstructionRefusal.Fault] = []
        if !isText(name, longest: 140) {
            faults.append(.init(.creditorName, "text", "1 to 140 printable characters that are not all spaces", name))
        }
        if !Self.isAccount(account) {
            faults.append(.init(.creditorAccount, "account", "an IBAN, or 6 to 34 letters, digits and dashes", account))
        }
        guard faults.isEmpty else { throw PaymentInstructionRefusal(faults: faults) }
        self.init(name: name, account: account)
    }

    static func isAccount(_ text: String) -> Bool {
        (6...34).contains(text.utf8.count)
            && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-") }
    }
}

extension Money {
    /// An amount to pay.
    /// - Throws: the rule that the values break.
    public init(positive text: String, currency: String) throws(PaymentInstructionRefusal) {
        guard let known = Currency(rawValue: currency) else {
            throw PaymentInstructionRefusal(
                faults: [.init(.currency, "currency", "one of \(Currency.allCases.map(\.rawValue).joined(separator: ", "))", currency)])
        }
        guard let amount = Money(decimal: text, currency: known) else {
            let digits = known.minorUnitDigits
            let decimals = digits == 0 ? "no decimals" : "at most \(digits) decimals"
            throw PaymentInstructionRefusal(
                faults: [.init(.amount, "amount", "a decimal number of at most 13 digits with \(decimals), as \(known.rawValue) has them", text)])
        }
        guard amount.minorUnits > 0 else { throw PaymentInstructionRefusal(faults: [.init(.amount, "amount.positive", "more than zero", text)]) }
        self = amount
    }
}

func isText(_ text: String, longest: Int) -> Bool {
    // A control or format character could show the customer other words than the creditor reads.
    !text.isEmpty && text.unicodeScalars.count <= longest && text.contains { !$0.isWhitespace }
        && text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
            default: true
            }
        }
}

/// Why an instruction cannot be taken: each fault names its member.
public struct PaymentInstructionRefusal: Error, Hashable, Sendable {
    public enum Member: String, Sendable {
        case amount = "amount/amount"
        case currency = "amount/currency"
        case creditorName = "creditor/name"
        case creditorAccount = "creditor/account"
        case reference
        case executionDate = "execution_date"
        case frequency
        case firstDate = "first_date"
        case lastDate = "last_date"
    }

    public struct Fault: Hashable, Sendable {
        public let member: Member
        public let rule: String
        public let expected: String
        public let got: String

        init(_ member: Member, _ rule: String, _ expected: String, _ got: String) {
            self.member = member
            self.rule = rule
            self.expected = expected
            self.got = String(got.prefix(80))
        }
    }

    public let faults: [Fault]
}

extension PaymentInstruction {
    /// The members in which another instruction differs, in the order of the contract, with what is approved and what came.
    public func differences(from other: PaymentInstruction) -> [(member: PaymentInstructionRefusal.Member, approved: String, sent: String)] {
        let pairs: [(PaymentInstructionRefusal.Member, String, String)] = [
            (.amount, amount.decimal, other.amount.decimal), (.currency, amount.currency.rawValue, other.amount.currency.rawValue),
            (.creditorName, creditor.name, other.creditor.name), (.creditorAccount, creditor.account, other.creditor.account),
            (.reference, reference, other.reference),
        ]
        // Byte for byte: two spellings that Unicode calls equal may read as two names.
        return pairs.filter { !$0.1.hasBytes(of: $0.2) }.map { (member: $0.0, approved: $0.1, sent: $0.2) }
    }
}
