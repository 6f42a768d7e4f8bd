import Metering
import Pages
import Primitives

/// One line of a table of requests.
struct RequestRow: Encodable, Sendable {
    let id, when, machineTime: String
    /// The method and the address, in pieces between which a line may break.
    let call: [String]
    let app: String?
    let status: Int
    let outcome, tag: String
    let rule: String?

    init(_ record: DecisionRecord, names: [AppID: String], at now: Timestamp) {
        id = record.requestID.rawValue
        call = "\(record.method) \(record.path)".split(after: "/")
        when = record.receivedAt.moment(seenAt: now)
        machineTime = record.receivedAt.rfc3339WithMilliseconds
        app = record.appID.map { names[$0] ?? $0.rawValue }
        status = record.status
        outcome = OutcomeWords.word(record.outcome)
        tag = OutcomeWords.tag(record.outcome)
        rule = record.rule.map(CheckWords.title)
    }
}

extension String {
    /// In pieces that end with this character, but for the last.
    fileprivate func split(after end: Character) -> [String] {
        var pieces = split(separator: end, omittingEmptySubsequences: false).map(String.init)
        for index in pieces.indices.dropLast() { pieces[index].append(end) }
        return pieces.filter { !$0.isEmpty }
    }
}

/// How an outcome is named and coloured.
enum OutcomeWords {
    static func word(_ outcome: DecisionOutcome) -> String {
        switch outcome {
        case .allowed: "Answered"
        case .refused: "Refused"
        case .failed: "Failed"
        }
    }

    static func tag(_ outcome: DecisionOutcome) -> String {
        switch outcome {
        case .allowed: "tag--positive"
        case .refused: "tag--critical"
        case .failed: "tag--caution"
        }
    }
}

/// The gateway's checks in the reader's words.
enum CheckWords {
    static func title(_ rule: String) -> String { titles[rule] ?? fallback(rule) }

    /// The checks behind the one that failed.
    static func notReached(after checks: [DecisionRecord.Check]) -> ArraySlice<String> {
        let order = DecisionRecord.Check.rulesInOrder
        guard let last = checks.last, last.result == .failed, let place = order.firstIndex(of: last.rule) else { return [] }
        return order[(place + 1)...]
    }

    private static let titles = [
        "request_id": "The request has an id",
        "token": "The token is ours and still good",
        "possession": "A bound token came from its holder",
        "revocation": "The token was not revoked",
        "app": "The app is active",
        "address": "The app may call from this IP address",
        "burst": "The calls come slowly enough",
        "request": "The request is well formed",
        "scope": "The scope covers this address",
        "consent_state": "The consent is in force",
        "authentication_level": "The customer proved enough for money to leave",
        "permission": "The permissions allow these fields",
        "account": "The account is part of the consent",
        "data_window": "The dates lie within the consent’s window",
        "idempotency": "The idempotency key is new",
        "route": "A bank answers behind this address",
        "daily_quota": "The quota has room",
        "upstream": "The bank behind the API answered",
    ]

    /// `consent.accounts` becomes `Consent accounts`.
    private static func fallback(_ rule: String) -> String {
        let words = rule.replacing(".", with: " ").replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
