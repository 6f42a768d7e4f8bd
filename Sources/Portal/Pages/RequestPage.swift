import Applications
import Consents
import Contract
internal import HTTPTypes
import Hummingbird
import JSON
import Metering
import OpenBanking
import Pages
import Primitives
import Storage
import Web

/// `/r/{request_id}`: what we checked of one call, in order, and why it was refused. For members of the organisation that made it; for others it does not exist.
struct RequestPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/r/{id}") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(developer, context) }
        }
    }

    struct Step: Encodable {
        let title: String
        let text: String?
        let isPassed, isFailed, isSkipped: Bool
        let compare: Compare?
    }

    struct Compare: Encodable {
        let expected, got: String
    }

    struct ConsentLine: Encodable {
        let id, text: String
    }

    struct Model: Encodable {
        let heading, call, tag, status: String
        let id, when, machineTime, exactTime, duration: String
        let appName: String?
        let appAddress: String?
        let consent: ConsentLine?
        let records: String?
        let cost, address: String
        let steps: [Step]
        let hasSteps: Bool
        let advice: String?
        let errorAddress: String?
        let problem: Code?
    }

    private func show(_ developer: Developer, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ RequestID($0) }) else { throw PortalRefusal.notFound }
        let mine = Set(developer.organisations.map(\.id))
        let found = try await site.database.read { [site] tx -> (DecisionRecord, App?, Consent?)? in
            guard let record = try site.records.find(id, in: tx), let owner = record.organisationID, mine.contains(owner) else { return nil }
            let app = try record.appID.flatMap { try site.apps.find($0, in: tx) }
            let consent = try record.consentID.flatMap { try Consents().find($0, in: tx) }
            return (record, app, consent.flatMap { $0.organisationID == owner ? $0 : nil })
        }
        guard let (record, app, consent) = found else { throw PortalRefusal.notFound }
        let model = Model(record, app: app, consent: consent, at: context.receivedAt)
        return site.pages.page("portal/request", model, shell: developer.shell("\(model.heading) · \(id)", current: "requests"))
    }
}

extension RequestPage.Model {
    init(_ record: DecisionRecord, app: App?, consent: Consent?, at now: Timestamp) {
        let body = record.problem.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        let code = body?["code"]?.string.flatMap(ErrorCode.init(rawValue:))
        switch record.outcome {
        case .allowed: heading = "Answered: every check passed"
        case .refused: heading = "Refused: " + Self.lowered(code?.title ?? record.rule.map(CheckWords.title) ?? "a check failed")
        case .failed: heading = "Failed: " + Self.lowered(code?.title ?? "something went wrong on our side")
        }
        call = "\(record.method) \(record.path)"
        status = String(record.status)
        tag = OutcomeWords.tag(record.outcome)
        id = record.requestID.rawValue
        let second = record.receivedAt.secondOfDay % 60
        when = "\(record.receivedAt.dayAndClock):\(second < 10 ? "0" : "")\(second)"
        machineTime = record.receivedAt.rfc3339WithMilliseconds
        exactTime = record.receivedAt.rfc3339WithMilliseconds
        duration = Self.duration(record.durationMicroseconds)
        appName = app.map(\.name) ?? record.clientID
        appAddress = app.flatMap { !$0.isRemoved ? "/portal/apps/\($0.id)" : nil }
        self.consent =
            consent.map { RequestPage.ConsentLine(id: $0.id.rawValue, text: ConsentWords.text($0, at: now)) }
            ?? record.consentID.map { RequestPage.ConsentLine(id: $0.rawValue, text: "") }
        records = record.records.map { $0.of("entry", plural: "entries") }
        cost =
            switch (record.cost, record.outcome) {
            case (0, .refused): "Nothing. Refusals do not count toward your quota."
            case (0, .failed): "Nothing. Our own failures do not count toward your quota."
            case (0, .allowed): "Nothing."
            default: "\(record.cost.of("call")) of today’s quota"
            }
        address = record.clientAddress
        steps = record.checks.map { RequestPage.Step($0, record) } + CheckWords.notReached(after: record.checks).map(RequestPage.Step.init(notReached:))
        hasSteps = !steps.isEmpty
        advice = record.outcome == .allowed ? nil : code?.advice
        errorAddress = record.outcome == .allowed ? nil : code?.documentationPath
        problem = body.map { Code("Response body", $0.prettyText, comment: "") } ?? record.problem.map { Code("Response body", $0, comment: "") }
    }

    private static func lowered(_ text: String) -> String { text.prefix(1).lowercased() + text.dropFirst() }

    private static func duration(_ microseconds: Int64) -> String {
        microseconds < 1000 ? "less than 1 ms" : microseconds < 10_000 ? "\(microseconds / 1000).\(microseconds / 100 % 10) ms" : "\(microseconds / 1000) ms"
    }
}

extension RequestPage.Step {
    init(_ check: DecisionRecord.Check, _ record: DecisionRecord) {
        title = CheckWords.title(check.rule)
        isPassed = check.result == .passed
        isFailed = check.result == .failed
        isSkipped = check.result == .skipped
        text = check.words.isEmpty ? (check.result == .skipped ? "Not reached" : nil) : Self.sentence(check.words)
        let explains = check.result == .failed && (record.rule == check.rule || record.rule == nil)
        compare =
            explains && (record.expected != nil || record.got != nil)
            ? RequestPage.Compare(expected: record.expected ?? "–", got: record.got ?? "Nothing") : nil
    }
}

extension RequestPage.Step {
    init(notReached rule: String) {
        title = CheckWords.title(rule)
        text = "Not reached"
        (isPassed, isFailed, isSkipped) = (false, false, true)
        compare = nil
    }

    /// With a capital at its beginning, unless that is an identifier or a name of the protocol.
    private static func sentence(_ detail: String) -> String {
        let word = detail.prefix { $0 != " " && $0 != "," }
        guard word.allSatisfy({ $0.isLetter && $0.isASCII }) else { return detail }
        return detail.prefix(1).uppercased() + detail.dropFirst()
    }
}

/// A consent's state in a sentence.
enum ConsentWords {
    static func text(_ consent: Consent, at now: Timestamp) -> String {
        let standing = consent.standing(at: now)
        let who: String
        switch standing.actor {
        case .customer: who = "by the customer"
        case .partner: who = "by you"
        case .bank: who = "by the bank"
        case .system: who = "by the clock"
        }
        let day = standing.since.day
        switch standing.status {
        case .awaitingAuthorisation: return "waiting for its customer since \(day)"
        case .authorised: return "authorised \(who) on \(day), until \(consent.expiresAt.day)"
        case .rejected: return "rejected \(who) on \(day)"
        case .revoked: return "revoked \(who) on \(day)"
        case .expired: return "expired on \(day)"
        case .consumed: return "used on \(day)"
        case .suspended: return "suspended \(who) on \(day)"
        }
    }
}
