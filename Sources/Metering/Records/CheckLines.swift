internal import Primitives

/// The checks of a call as they are kept: a line each, written and read on every call's way, and nearly always the same.
///
/// A line is a letter for the rule, a sign for how it ended, and the code of what was found or a space and words: `t+si`, `a+ Acme Budget`. A rule without a
/// letter is written in full, its parts between tabs, as every line once was. An empty line is the one in its place of the call
/// before, which had as many.
enum CheckLines {
    private static let newline = UInt8(ascii: "\n")

    /// - Parameter before: as many checks of the call before, or none.
    static func append(_ checks: [DecisionRecord.Check], after before: [DecisionRecord.Check], to bytes: inout [UInt8]) {
        var next = 0
        for index in checks.indices {
            if index > 0 { bytes.append(newline) }
            if !before.isEmpty, checks[index].isWritten(as: before[index]) {
                next = index + 1
                continue
            }
            let check = checks[index]
            // Checks come in the order of the rules, up to where the call ended.
            let place = next < rules.count && rules[next].name == check.rule ? next : rules.firstIndex { $0.name == check.rule }
            if let place {
                bytes.append(rules[place].letter)
                bytes.append(check.result.sign)
                next = place + 1
            } else {
                bytes.append(text: "\(check.rule)\t\(check.result.name)\t")
            }
            switch check.detail {
            case .finding(let finding): bytes.append(text: place == nil ? finding.words : finding.rawValue)
            case .words(let words):
                if place != nil { bytes.append(UInt8(ascii: " ")) }
                bytes.append(text: words)
            }
        }
    }

    // By bytes: words may begin with a mark that belongs to the character before it.

    static func checks(_ text: String) -> [DecisionRecord.Check] { text.utf8.split(separator: newline).compactMap(check) }

    /// Lines in full, from those of the call before.
    static func lines(_ text: String, after before: String) -> String {
        guard !text.isEmpty else { return "" }
        let before = before.utf8.split(separator: newline)
        let lines = text.utf8.split(separator: newline, omittingEmptySubsequences: false).enumerated()
        return lines.map { index, line in String(Substring(line.isEmpty && index < before.count ? before[index] : line)) }.joined(separator: "\n")
    }

    private static func check(_ line: Substring.UTF8View) -> DecisionRecord.Check? {
        let parts = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard parts.count == 1 else { return inFull(parts.map { String(Substring($0)) }) }
        guard let letter = line.first, let sign = line.dropFirst().first, let rule = rules.first(where: { $0.letter == letter })?.name,
            let result = DecisionRecord.Check.Result.allCases.first(where: { $0.sign == sign })
        else { return nil }
        let rest = line.dropFirst(2)
        if rest.first == UInt8(ascii: " ") { return DecisionRecord.Check(rule: rule, result: result, detail: String(Substring(rest.dropFirst()))) }
        // A node of a later version may have found what this one has no words for.
        guard let finding = Finding(rawValue: String(Substring(rest))) else { return DecisionRecord.Check(rule: rule, result: result, detail: "") }
        return DecisionRecord.Check(rule: rule, result: result, finding: finding)
    }

    private static func inFull(_ parts: [String]) -> DecisionRecord.Check? {
        guard parts.count == 3, let result = DecisionRecord.Check.Result.allCases.first(where: { $0.name == parts[1] }) else { return nil }
        return DecisionRecord.Check(rule: parts[0], result: result, detail: parts[2])
    }

    /// In the order in which the gateway asks. A letter stays its rule's, since kept records have it.
    static let rules: [(name: String, letter: UInt8)] = [
        ("request_id", UInt8(ascii: "i")), ("token", UInt8(ascii: "t")), ("possession", UInt8(ascii: "h")), ("revocation", UInt8(ascii: "v")),
        ("app", UInt8(ascii: "a")), ("address", UInt8(ascii: "n")), ("burst", UInt8(ascii: "b")), ("scope", UInt8(ascii: "s")),
        ("request", UInt8(ascii: "r")), ("consent_state", UInt8(ascii: "c")), ("authentication_level", UInt8(ascii: "l")),
        ("permission", UInt8(ascii: "p")), ("account", UInt8(ascii: "o")), ("data_window", UInt8(ascii: "w")), ("idempotency", UInt8(ascii: "k")),
        ("route", UInt8(ascii: "u")), ("daily_quota", UInt8(ascii: "d")),
    ]
}

extension DecisionRecord.Check {
    /// Whether its line is the same.
    func isWritten(as other: Self) -> Bool {
        guard rule == other.rule, result == other.result else { return false }
        return switch (detail, other.detail) {
        case (.finding(let one), .finding(let another)): one == another
        case (.words(let one), .words(let another)): one.hasBytes(of: another)
        default: false
        }
    }
}

extension DecisionRecord.Check.Result {
    fileprivate var name: String {
        switch self {
        case .passed: "passed"
        case .failed: "failed"
        case .skipped: "skipped"
        }
    }

    fileprivate var sign: UInt8 {
        switch self {
        case .passed: UInt8(ascii: "+")
        case .failed: UInt8(ascii: "-")
        case .skipped: UInt8(ascii: "~")
        }
    }
}
