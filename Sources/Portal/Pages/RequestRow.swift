import Metering
import Pages
import Primitives

/// One line of a table of requests.
struct RequestRow: Sendable {
    let id, call, when, machineTime: String
    let app: String?
    let status: Int
    let outcome, tag: String
    let rule: String?

    init(_ record: DecisionRecord, names: [AppID: String], at now: Timestamp) {
        id = record.requestID.rawValue
        call = "\(record.method) \(record.path)"
        when = record.receivedAt.moment(seenAt: now)
        machineTime = record.receivedAt.rfc3339WithMilliseconds
        app = record.appID.map { names[$0] ?? $0.rawValue }
        status = record.status
        outcome = OutcomeWords.word(record.outcome)
        tag = OutcomeWords.tag(record.outcome)
        rule = record.rule.map(CheckWords.title)
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

    private static let titles = [
        "token": "The token is ours and still good",
        "revocation": "Neither the token nor its grant was revoked",
        "app": "The app is active",
        "burst": "The calls come slowly enough",
        "request": "The request matches the contract",
        "scope": "The scope covers this address",
        "consent_state": "The consent is in force",
        "permission": "The permissions allow these fields",
        "account": "The account is part of the consent",
        "data_window": "The dates lie within the consent’s window",
        "idempotency": "The idempotency key is new",
        "daily_quota": "The quota has room",
        "route": "A bank answers behind this address",
        "upstream": "The bank behind the API answered",
    ]

    /// `consent.accounts` becomes `Consent accounts`.
    private static func fallback(_ rule: String) -> String {
        let words = rule.replacing(".", with: " ").replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
