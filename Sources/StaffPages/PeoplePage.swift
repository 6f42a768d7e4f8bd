import Applications
import Events
import HTTPTypes
import Hummingbird
import Identity
import Pages
import Primitives
import SecondFactorPages
import Storage
import Web

/// `/staff/people`: finding a customer or a developer who lost their phone, or whose place in a team a restore holds, and letting them in again; and making a
/// member the owner of a team that is without one. Colleagues are let in by the operator.
struct PeoplePage: Encodable {
    struct Row: Encodable {
        let id, name, kind, signInName: String
        let hasSecondFactor: Bool
        let places: [Place]
    }

    /// An organisation whose member this person was when the backup was taken, and is not yet again, or is while nobody owns it.
    struct Place: Encodable {
        let person, id, name, role: String
        let isHeld: Bool
        /// Where no owner is confirmed who could make them one.
        let canBecomeOwner: Bool
        /// That nobody there is an owner now, who could let in the others.
        let withoutOwner: String?
    }

    let errors: ErrorSummary?
    let message: String?
    let name: Field
    let rows: [Row]
    let hasRows: Bool
}

extension StaffRoutes {
    func addPeople(to routes: Routes) {
        routes.get("/staff/people") { request, context in
            try await signedIn(request, context) { member in try await people(request, member) }
        }
        routes.post("/staff/people/{id}/second-factor/reset") { request, context in
            try await form(request, context) { member, _ in try await resetSecondFactor(member, context) }
        }
        routes.post("/staff/people/{id}/organisations/{organisation}/confirm") { request, context in
            try await form(request, context) { member, form in try await confirmPlace(form["role"], member, context) }
        }
    }

    private func people(_ request: Request, _ member: StaffMember) async throws -> Response {
        let query = request.query ?? Web.Parameters()
        let name = String((query["name"] ?? "").trimmingWhitespace().prefix(SignInName.maximumBytes))
        let (rows, message, refused) = try await database.read { [factors = factors.factors] tx -> ([PeoplePage.Row], String?, Organisation?) in
            let rows = try Self.find(name, in: tx).map { person in
                PeoplePage.Row(
                    id: person.id.rawValue, name: person.name, kind: person.population == .customer ? "Customer" : "Developer", signInName: person.signInName,
                    hasSecondFactor: try factors.find(of: person.id, in: tx) != nil, places: try Self.places(of: person.id, in: tx))
            }
            let refused = try query["refused"].flatMap({ OrganisationID($0) }).flatMap({ try Organisations().find($0, in: tx) })
            return (rows, try Self.message(about: query, in: tx), refused)
        }
        var errors = FormErrors()
        if let refused { errors.add(field: "name", "Nothing was changed at \(refused.name). \(MembershipRefusal.hasOwner.message).") }
        if !name.isEmpty, rows.isEmpty {
            errors.add(field: "name", "Nobody has this sign-in name. A customer’s is followed by @ and the organisation’s handle: amina.traveler@acme-budget.")
        }
        let model = PeoplePage(
            errors: errors.summary, message: message,
            name: .text("name", "Sign-in name", value: name, errors: errors, autocomplete: "off"), rows: rows, hasRows: !rows.isEmpty)
        return pages.page(
            "staff/people", model, shell: member.shell("People", current: "people", isError: !errors.isEmpty),
            status: errors.isEmpty ? .ok : .unprocessableContent)
    }

    /// What was just done, to whom.
    private static func message(about query: Web.Parameters, in tx: any ReadTransaction) throws -> String? {
        if let person = try query["reset"].flatMap({ PersonID($0) }).flatMap({ try People().find($0, in: tx) }) {
            return "\(person.name) signs in with the password alone until they turn on two-step sign-in again."
        }
        if let person = try query["confirmed"].flatMap({ PersonID($0) }).flatMap({ try People().find($0, in: tx) }),
            let organisation = try query["organisation"].flatMap({ OrganisationID($0) }).flatMap({ try Organisations().find($0, in: tx) }),
            let role = try Memberships().role(of: person.id, in: organisation.id, in: tx)
        {
            let done = "\(person.name) has their place in the team again, as \(role.title.lowercased()) of \(organisation.name)."
            return try [done, withoutOwner(organisation, in: tx)].compactMap { $0 }.joined(separator: " ")
        }
        return nil
    }

    private static func places(of person: PersonID, in tx: any ReadTransaction) throws -> [PeoplePage.Place] {
        let (held, inForce) = try (Organisations().list(of: person, held: true, in: tx), Organisations().list(of: person, in: tx))
        return try (held + inForce).compactMap { organisation in
            guard let membership = try Memberships().find(person, in: organisation.id, in: tx) else { return nil }
            let notice = try withoutOwner(organisation, in: tx)
            // Whoever is in where there is an owner has no need of the bank.
            guard membership.isHeld || notice != nil else { return nil }
            return PeoplePage.Place(
                person: person.rawValue, id: organisation.id.rawValue, name: organisation.name, role: membership.role.title.lowercased(),
                isHeld: membership.isHeld, canBecomeOwner: membership.role != .owner && notice != nil, withoutOwner: notice)
        }
    }

    private static func withoutOwner(_ organisation: Organisation, in tx: any ReadTransaction) throws -> String? {
        try Memberships().hasOwner(organisation.id, in: tx) ? nil : "\(organisation.name) has no confirmed owner yet."
    }

    /// A developer by email, a customer by `name@handle`.
    private static func find(_ name: String, in tx: any ReadTransaction) throws -> [Person] {
        guard !name.isEmpty else { return [] }
        var found: [Person] = []
        if let developer = try People().find(signInName: name, population: .developer, in: tx) { found.append(developer) }
        if let at = name.lastIndex(of: "@"), let organisation = try Organisations().find(handle: String(name[name.index(after: at)...]), in: tx),
            let customer = try People().find(signInName: String(name[..<at]), population: .customer, world: organisation.world, in: tx)
        {
            found.append(customer)
        }
        return found
    }

    /// - Parameter text: the role that the button names; `nil` for the one of the backup.
    private func confirmPlace(_ text: String?, _ member: StaffMember, _ context: AppContext) async throws -> Response {
        let role = text.flatMap(MemberRole.init(rawValue:))
        guard let id = context.parameters.get("id").flatMap({ PersonID($0) }),
            let organisation = context.parameters.get("organisation").flatMap({ OrganisationID($0) }),
            role?.rawValue == text
        else { throw HTTPError(.notFound) }
        let outcome = try await database.write { tx in
            let actor = Actor.person(member.session.person.id)
            return try Memberships().confirm(id, in: organisation, as: role, by: actor, at: context.receivedAt, requestID: context.requestID, in: tx)
        }
        switch outcome {
        case .success: return .seeOther("/staff/people?confirmed=\(id)&organisation=\(organisation)")
        // A colleague confirmed an owner while this page was open.
        case .failure(.hasOwner): return .seeOther("/staff/people?refused=\(organisation)")
        case .failure: throw HTTPError(.notFound)
        }
    }

    private func resetSecondFactor(_ member: StaffMember, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ PersonID($0) }) else { throw HTTPError(.notFound) }
        let (now, requestID) = (context.receivedAt, context.requestID)
        let person = try await database.write { [changes = factors.changes] tx -> Person? in
            // A colleague's, or one's own, would be a way past the second step of staff.
            guard let person = try People().find(id, in: tx), person.population != .staff,
                try changes.reset(of: id, by: .person(member.session.person.id), at: now, requestID: requestID, in: tx)
            else { return nil }
            return person
        }
        guard let person else { throw HTTPError(.notFound) }
        let home = person.population == .customer ? "/my/security/second-factor" : "/portal/settings/second-factor"
        factors.tell(person, .reset, home: context.issuer.address(home), at: now)
        return .seeOther("/staff/people?reset=\(id)")
    }
}
