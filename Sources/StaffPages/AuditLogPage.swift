import Events
import Hummingbird
import Identity
import Pages
import Primitives
import Storage
import Web

/// `/staff`: who did what to what, the newest first.
struct AuditLogPage: Encodable {
    struct Row: Encodable {
        let moment: String
        let actor: String
        let actorNote: String?
        let action: String
        let isRefusal: Bool
        let subject: String
        /// Of a person.
        let subjectName: String?
        let subjectAddress: String
        let hasChanges: Bool
        let changes: [Change]
        let request: String?
    }

    /// One value, before and after.
    struct Change: Encodable {
        let name: String
        let before, after: String?
    }

    let errors: ErrorSummary?
    let actor, action, subject: Field
    let isFiltered: Bool
    let hasRows: Bool
    let rows: [Row]
    let olderAddress: String?
    let newestAddress: String?

    static let pageSize = 25
}

extension StaffRoutes {
    func addAuditLog(to routes: Routes) {
        routes.get("/staff") { request, context in
            try await signedIn(request, context) { member in try await auditLog(request, member, context) }
        }
    }

    private func auditLog(_ request: Request, _ member: StaffMember, _ context: AppContext) async throws -> Response {
        let query = AuditQuery(request.query ?? Web.Parameters())
        var errors = FormErrors()
        let asked = query
        let found = try await database.read { tx -> (entries: [AuditEntry], people: [PersonID: Person], actorIsKnown: Bool) in
            let people = People()
            guard let filter = try asked.filter(people, in: tx) else { return ([], [:], false) }
            let entries = try AuditLog().list(filter, before: asked.before, limit: AuditLogPage.pageSize + 1, in: tx)
            return (entries, try people.find(entries.flatMap { [$0.actor.personID, PersonID($0.subject)].compactMap { $0 } }, in: tx), true)
        }
        if !found.actorIsKnown { errors.add(field: "actor", "Enter an id such as usr_… or app_…, a developer’s or colleague’s email, command_line or system") }

        let shown = found.entries.prefix(AuditLogPage.pageSize)
        let rows = shown.map { AuditLogPage.Row($0, people: found.people, query: query, seenAt: context.receivedAt) }
        let older = found.entries.count > AuditLogPage.pageSize ? shown.last?.position : nil
        let model = AuditLogPage(
            errors: errors.summary,
            actor: .text("actor", "Who", value: query.actor, errors: errors, autocomplete: "off"),
            action: .select("action", "What", options: AuditQuery.actions(chosen: query.action)),
            subject: .text("subject", "To what", value: query.subject, autocomplete: "off"),
            isFiltered: query.isFiltered, hasRows: !rows.isEmpty, rows: Array(rows), olderAddress: older.map { query.address(before: $0) },
            newestAddress: query.before == nil ? nil : query.address(before: nil))
        return pages.page(
            "staff/audit", model, shell: member.shell("Audit log", current: "audit", isError: !errors.isEmpty),
            status: errors.isEmpty ? .ok : .unprocessableContent)
    }
}

/// What the reader looks for, as it stands in the address.
struct AuditQuery: Sendable {
    let actor: String
    let action: AuditAction?
    let subject: String
    let before: Int64?

    init(_ query: Web.Parameters) {
        actor = String((query["actor"] ?? "").trimmingWhitespace().prefix(254))
        action = query["action"].flatMap(AuditAction.init(rawValue:))
        subject = String((query["subject"] ?? "").trimmingWhitespace().prefix(100))
        before = query["before"].flatMap(Int64.init)
    }

    var isFiltered: Bool { !actor.isEmpty || action != nil || !subject.isEmpty }

    /// - Returns: `nil` when the actor is nobody we know how to look for.
    func filter(_ people: People, in tx: any ReadTransaction) throws -> AuditLog.Filter? {
        var filter = AuditLog.Filter(action: action, subject: subject.isEmpty ? nil : subject)
        guard !actor.isEmpty else { return filter }
        guard let who = try actor(people, in: tx) else { return nil }
        filter.actor = who
        return filter
    }

    private func actor(_ people: People, in tx: any ReadTransaction) throws -> Actor? {
        if let actor = Actor(actor) { return actor }
        if let id = PersonID(actor) { return .person(id) }
        if let id = AppID(actor) { return .app(id) }
        for population in [Population.staff, .developer] {
            if let person = try people.find(signInName: actor, population: population, in: tx) { return .person(person.id) }
        }
        return nil
    }

    func address(before: Int64?, subject: String? = nil) -> String {
        var pairs: [(name: String, value: String)] = []
        if !actor.isEmpty, subject == nil { pairs.append(("actor", actor)) }
        if let action, subject == nil { pairs.append(("action", action.rawValue)) }
        if let subject = subject ?? (self.subject.isEmpty ? nil : self.subject) { pairs.append(("subject", subject)) }
        if let before { pairs.append(("before", String(before))) }
        return pairs.isEmpty ? "/staff" : "/staff?\(Web.Parameters(pairs).urlEncoded)"
    }

    static func actions(chosen: AuditAction?) -> [Field.Option] {
        [Field.Option(value: "", label: "Everything", isSelected: chosen == nil)]
            + AuditAction.allCases.map { Field.Option(value: $0.rawValue, label: $0.words, isSelected: $0 == chosen) }
    }
}

extension AuditLogPage.Row {
    init(_ entry: AuditEntry, people: [PersonID: Person], query: AuditQuery, seenAt now: Timestamp) {
        moment = entry.at.moment(seenAt: now)
        switch entry.actor {
        case .person(let id):
            actor = people[id]?.name ?? id.rawValue
            actorNote = people[id].map { "\($0.population.rawValue), \($0.email ?? $0.signInName)" }
        case .app(let id): (actor, actorNote) = (id.rawValue, "app")
        case .commandLine: (actor, actorNote) = ("Operator", "the wekeza command")
        case .system: (actor, actorNote) = ("The platform", nil)
        }
        action = entry.action.words
        isRefusal = [.signInRefused, .codeRefused].contains(entry.action)
        subject = entry.subject
        subjectName = PersonID(entry.subject).flatMap { people[$0]?.name }
        subjectAddress = query.address(before: nil, subject: entry.subject)
        changes = Set(entry.before.keys).union(entry.after.keys).sorted().map {
            AuditLogPage.Change(name: $0.replacing("_", with: " "), before: entry.before[$0], after: entry.after[$0])
        }
        hasChanges = !changes.isEmpty
        request = entry.requestID?.rawValue
    }
}

extension Actor {
    var personID: PersonID? { if case .person(let id) = self { id } else { nil } }
}

extension AuditAction {
    /// `secret.revoked` as people read it: "Secret revoked"; what a person did, without saying so.
    var words: String {
        let name = rawValue.replacing("person.sign_in", with: "sign-in").replacing("person.", with: "")
        let words = name.replacing(".", with: " ").replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
