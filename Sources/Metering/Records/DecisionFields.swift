internal import Primitives
internal import Storage

/// Records as one text: behind each but the last a record separator, between two fields a unit separator (ECMA-48, IS2 and IS1).
///
/// An empty field is what it was in the record before; the first one's is absent. Marks follow a DLE: of what is absent, of an empty text, and of characters
/// that are no separators here.
enum DecisionFields {
    private static let recordSeparator: UInt8 = 0x1E
    private static let fieldSeparator: UInt8 = 0x1F
    private static let dle: UInt8 = 0x10
    private static let absent = UInt8(ascii: "n")
    private static let empty = UInt8(ascii: "e")
    /// What stands for one of these characters in a text is as much greater.
    private static let shift: UInt8 = 0x40

    // MARK: Writing

    /// Writes records one behind the other.
    struct Writer {
        /// The one that was written last.
        private var before: DecisionRecord?

        mutating func append(_ record: DecisionRecord, to bytes: inout [UInt8]) {
            if before != nil { bytes.append(DecisionFields.recordSeparator) }
            bytes.append(text: record.requestID.rawValue)
            DecisionFields.append(record.receivedAt.milliseconds, before?.receivedAt.milliseconds, to: &bytes)
            DecisionFields.append(record.durationMicroseconds, before?.durationMicroseconds, to: &bytes)
            DecisionFields.append(record.organisationID?.rawValue, before?.organisationID?.rawValue, to: &bytes)
            DecisionFields.append(record.appID?.rawValue, before?.appID?.rawValue, to: &bytes)
            DecisionFields.append(record.clientID, before?.clientID, to: &bytes)
            DecisionFields.append(record.consentID?.rawValue, before?.consentID?.rawValue, to: &bytes)
            DecisionFields.append(record.personID?.rawValue, before?.personID?.rawValue, to: &bytes)
            DecisionFields.append(record.accountID?.rawValue, before?.accountID?.rawValue, to: &bytes)
            DecisionFields.append(record.method, before?.method, to: &bytes)
            DecisionFields.append(record.path, before?.path, to: &bytes)
            DecisionFields.append(record.operation, before?.operation, to: &bytes)
            DecisionFields.append(Int64(record.status), before.map { Int64($0.status) }, to: &bytes)
            DecisionFields.append(record.outcome.rawValue, before?.outcome.rawValue, to: &bytes)
            DecisionFields.append(record.rule, before?.rule, to: &bytes)
            DecisionFields.append(record.expected, before?.expected, to: &bytes)
            DecisionFields.append(record.got, before?.got, to: &bytes)
            DecisionFields.append(record.checks, before?.checks, to: &bytes)
            DecisionFields.append(Int64(record.cost), before.map { Int64($0.cost) }, to: &bytes)
            DecisionFields.append(record.records.map(Int64.init), before?.records.map(Int64.init), to: &bytes)
            DecisionFields.append(record.clientAddress, before?.clientAddress, to: &bytes)
            DecisionFields.append(record.problem, before?.problem, to: &bytes)
            before = record
        }
    }

    private static func append(_ text: String?, _ before: String?, to bytes: inout [UInt8]) {
        bytes.append(fieldSeparator)
        guard !text.hasBytes(of: before) else { return }
        switch text {
        case nil: bytes.append(contentsOf: [dle, absent])
        case "": bytes.append(contentsOf: [dle, empty])
        case let text?: append(text, to: &bytes)
        }
    }

    private static func append(_ number: Int64?, _ before: Int64?, to bytes: inout [UInt8]) {
        bytes.append(fieldSeparator)
        guard number != before else { return }
        if let number { bytes.append(decimal: number) } else { bytes.append(contentsOf: [dle, absent]) }
    }

    private static func append(_ checks: [DecisionRecord.Check], _ before: [DecisionRecord.Check]?, to bytes: inout [UInt8]) {
        bytes.append(fieldSeparator)
        let before = before.flatMap { $0.count == checks.count ? $0 : nil }
        if let before, zip(checks, before).allSatisfy({ $0.isWritten(as: $1) }) { return }
        guard !checks.isEmpty else { return bytes.append(contentsOf: [dle, empty]) }
        let start = bytes.count
        CheckLines.append(checks, after: before ?? [], to: &bytes)
        guard bytes[start...].contains(where: isMark) else { return }
        let lines = Array(bytes[start...])
        bytes.removeSubrange(start...)
        appendMarked(lines, to: &bytes)
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in if utf8.contains(where: isMark) { appendMarked(utf8, to: &bytes) } else { bytes.append(contentsOf: utf8) } }
    }

    private static func isMark(_ byte: UInt8) -> Bool { byte == recordSeparator || byte == fieldSeparator || byte == dle }

    private static func appendMarked(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        for byte in text { if isMark(byte) { bytes.append(contentsOf: [dle, byte + shift]) } else { bytes.append(byte) } }
    }

    // MARK: Reading

    /// - Parameter isWanted: tells by its id whether a record is made of what is read.
    /// - Throws: for text that is none of ours. What a later version may write behind the fields is left out.
    static func records(_ text: String, where isWanted: (RequestID) -> Bool = { _ in true }) throws -> [DecisionRecord] {
        var fields = [String?](repeating: nil, count: count)
        return try text.utf8.split(separator: recordSeparator, omittingEmptySubsequences: false).compactMap { record in
            let written = record.split(separator: fieldSeparator, omittingEmptySubsequences: false)
            guard written.count >= count else { throw notOurs }
            for (index, field) in written.prefix(count).enumerated() where !field.isEmpty {
                let value = try value(field)
                fields[index] = index == checks ? value.map { CheckLines.lines($0, after: fields[checks] ?? "") } : value
            }
            guard let id = fields[0], isWanted(RequestID(trusted: id)) else { return nil }
            return try DecisionRecord(fields)
        }
    }

    private static let count = 22
    fileprivate static let checks = 17

    fileprivate static let notOurs = StorageError.failed(reason: "decision records are not what was written")

    private static func value(_ field: Substring.UTF8View) throws -> String? {
        guard field.contains(dle) else { return String(Substring(field)) }
        var bytes: [UInt8] = []
        var rest = field[...]
        while let byte = rest.popFirst() {
            guard byte == dle else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case absent: return nil
            case empty: return ""
            case let shifted? where shifted >= shift: bytes.append(shifted - shift)
            default: throw notOurs
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension DecisionRecord {
    fileprivate init(_ fields: [String?]) throws {
        func text(_ index: Int) throws -> String {
            guard let text = fields[index] else { throw DecisionFields.notOurs }
            return text
        }
        func optionalNumber<Number: FixedWidthInteger>(_ index: Int) throws -> Number? {
            guard let text = fields[index] else { return nil }
            guard let number = Number(text) else { throw DecisionFields.notOurs }
            return number
        }
        func number<Number: FixedWidthInteger>(_ index: Int) throws -> Number {
            guard let number: Number = try optionalNumber(index) else { throw DecisionFields.notOurs }
            return number
        }
        guard let outcome = DecisionOutcome(rawValue: try text(13)) else { throw DecisionFields.notOurs }
        self.init(
            requestID: RequestID(trusted: try text(0)), receivedAt: Timestamp(milliseconds: try number(1)), durationMicroseconds: try number(2),
            organisationID: fields[3].map(OrganisationID.init(trusted:)), appID: fields[4].map(AppID.init(trusted:)), clientID: fields[5],
            consentID: fields[6].map(ConsentID.init(trusted:)), personID: fields[7].map(PersonID.init(trusted:)),
            accountID: fields[8].map(AccountID.init(trusted:)), method: try text(9), path: try text(10), operation: fields[11], status: try number(12),
            outcome: outcome, rule: fields[14], expected: fields[15], got: fields[16], checks: CheckLines.checks(try text(DecisionFields.checks)),
            cost: try number(18),
            records: try optionalNumber(19), clientAddress: try text(20), problem: fields[21])
    }
}

extension String? {
    fileprivate func hasBytes(of other: String?) -> Bool {
        guard let self, let other else { return self == nil && other == nil }
        return self.hasBytes(of: other)
    }
}
