import Applications
import Events
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Members whom a restore holds")
struct HeldMembersTests {
    private func hold(_ office: Office) async throws -> Int {
        try await office.db.write { [start = office.start] in try ApplicationsRestoration().holdMembers(by: .commandLine, at: start, in: $0) }
    }

    private func confirm(_ person: PersonID, as role: MemberRole? = nil, _ office: Office) async throws -> Result<Membership, MembershipRefusal> {
        try await office.db.write { [memberships = office.memberships, start = office.start] in
            try memberships.confirm(person, in: Office.acme, as: role, by: Actor.commandLine, at: start, requestID: nil, in: $0)
        }
    }

    private func hasOwner(_ office: Office) async throws -> Bool {
        try await office.db.read { [memberships = office.memberships] in try memberships.hasOwner(Office.acme, in: $0) }
    }

    private func role(_ person: PersonID, in organisation: OrganisationID = Office.acme, _ office: Office) async throws -> MemberRole? {
        try await office.db.read { [memberships = office.memberships] in try memberships.role(of: person, in: organisation, in: $0) }
    }

    @Test(arguments: Engine.available)
    func `everybody in a team of several is held, whoever is alone is not`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let count = try await hold(office)
            let again = try await hold(office)

            #expect(count == 2 && again == 0)
            #expect(try await role(Office.wanjiku, office) == nil)
            #expect(try await role(Office.brian, office) == nil)
            #expect(try await role(Office.stranger, in: Office.other, office) == .owner)
            let (members, places, held) = try await office.db.read { [organisations = office.organisations, memberships = office.memberships] tx in
                (
                    try memberships.list(of: Office.acme, in: tx), try organisations.list(of: Office.brian, in: tx),
                    try organisations.list(of: Office.brian, held: true, in: tx)
                )
            }
            #expect(members.map(\.isHeld) == [true, true])
            #expect(places.isEmpty && held.map(\.id) == [Office.acme])
            #expect(try await Set(office.audit(.memberHeld).map(\.subject)) == [Office.wanjiku.rawValue, Office.brian.rawValue])
        }
    }

    @Test(arguments: Engine.available)
    func `a held owner invites, confirms, changes and removes nobody, themselves included`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, invitations, start) = (office.memberships, office.invitations, office.start)
            _ = try await hold(office)
            _ = try await confirm(Office.brian, office).get()

            let refusals = try await office.db.write { tx in
                [
                    try memberships.setRole(.owner, of: Office.brian, in: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).refusal,
                    try memberships.remove(Office.brian, from: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).refusal,
                    try memberships.remove(Office.wanjiku, from: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).refusal,
                    try memberships.confirm(Office.wanjiku, in: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).refusal,
                    try memberships.confirm(Office.wanjiku, in: Office.acme, by: Office.brian, at: start, requestID: nil, in: tx).refusal,
                    try invitations.invite(
                        email: "chao@example.com", role: .owner, to: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx
                    ).refusal,
                ]
            }

            #expect(refusals == [.notOwner, .notOwner, .notOwner, .notOwner, .notOwner, .notOwner])
        }
    }

    @Test(arguments: Engine.available)
    func `a confirmed member has their role of before, once`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            _ = try await hold(office)

            let first = try await confirm(Office.wanjiku, office).get()
            let second = try await confirm(Office.wanjiku, office).get()
            let stranger = try await confirm(Office.stranger, office)

            #expect(!first.isHeld && second == first && stranger.refusal == .notMember)
            #expect(try await role(Office.wanjiku, office) == .owner)
            #expect(try await role(Office.brian, office) == nil)
            #expect(try await office.audit(.memberConfirmed).map(\.after) == [["organisation": Office.acme.rawValue, "role": "owner"]])
            let held = try await office.db.read { try ApplicationsRestoration().heldMembers(in: $0) }
            #expect(held.map(\.personID) == [Office.brian])
        }
    }

    @Test(arguments: Engine.available)
    func `who was a member is confirmed as owner, once, where nobody is left who was one`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            _ = try await hold(office)
            #expect(try await hasOwner(office) == false)

            let first = try await confirm(Office.brian, as: .owner, office).get()
            let second = try await confirm(Office.brian, as: .owner, office).get()
            let less = try await confirm(Office.brian, as: .member, office)

            #expect(first.role == .owner && !first.isHeld && second == first && less.refusal == .hasOwner)
            #expect(try await role(Office.brian, office) == .owner)
            #expect(try await hasOwner(office))
            let entries = try await office.audit(.memberConfirmed)
            #expect(entries.map(\.before) == [["role": "member"]])
            #expect(entries.map(\.after) == [["organisation": Office.acme.rawValue, "role": "owner"]])
        }
    }

    @Test(arguments: Engine.available)
    func `who is in already becomes the owner of a team without one, and of no other`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            _ = try await hold(office)
            let before = try await confirm(Office.brian, office).get()
            #expect(try await hasOwner(office) == false)

            let after = try await confirm(Office.brian, as: .owner, office).get()
            let wanjiku = try await confirm(Office.wanjiku, as: .member, office).get()
            let again = try await confirm(Office.wanjiku, as: .owner, office)

            #expect(before.role == .member && after.role == .owner)
            #expect(wanjiku.role == .member && again.refusal == .hasOwner)
            #expect(try await role(Office.wanjiku, office) == .member)
            let entries = try await office.audit(.memberRoleChanged)
            #expect(entries.map(\.subject) == [Office.brian.rawValue])
            #expect(entries.map(\.after) == [["organisation": Office.acme.rawValue, "role": "owner"]])
        }
    }

    @Test(arguments: Engine.available)
    func `whoever waits is confirmed as what they were where there is an owner, and as an owner no more`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            _ = try await hold(office)
            _ = try await confirm(Office.wanjiku, office).get()

            let asOwner = try await confirm(Office.brian, as: .owner, office)
            let stillHeld = try await role(Office.brian, office) == nil
            let asBefore = try await confirm(Office.brian, office).get()

            #expect(asOwner.refusal == .hasOwner && stillHeld)
            #expect(asBefore.role == .member && !asBefore.isHeld)
            let entries = try await office.audit(.memberConfirmed)
            #expect(Set(entries.map(\.subject)) == [Office.wanjiku.rawValue, Office.brian.rawValue] && entries.count == 2)
        }
    }

    @Test(arguments: Engine.available)
    func `an owner changes the role of a held member, who stays held and is no second owner`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, start) = (office.memberships, office.start)
            _ = try await hold(office)
            _ = try await confirm(Office.wanjiku, office).get()

            let (changed, leaves, confirmed) = try await office.db.write { tx in
                (
                    try memberships.setRole(.owner, of: Office.brian, in: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).get(),
                    try memberships.remove(Office.wanjiku, from: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).refusal,
                    try memberships.confirm(Office.brian, in: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).get()
                )
            }

            #expect(changed.role == .owner && changed.isHeld)
            #expect(leaves == .lastOwner)
            #expect(confirmed.role == .owner && !confirmed.isHeld)
        }
    }

    @Test(arguments: Engine.available)
    func `an app is confirmed by an owner who is in, and by nobody else`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, start) = (office.memberships, office.start)
            let app = try await office.makeWeb().app
            try await office.db.write { tx in
                try memberships.add(Office.stranger, to: Office.acme, role: .owner, at: start + .seconds(2), in: tx)
                _ = try ApplicationsRestoration().holdApps(by: .commandLine, at: start, in: tx)
            }
            _ = try await hold(office)
            for person in [Office.wanjiku, Office.brian] { _ = try await confirm(person, office).get() }
            func confirmApp(by acting: PersonID) async throws -> Result<Bool, MembershipRefusal> {
                try await office.db.write { try ApplicationsRestoration().confirm(app.id, of: Office.acme, by: acting, at: start, requestID: nil, in: $0) }
            }

            let (member, heldOwner) = (try await confirmApp(by: Office.brian), try await confirmApp(by: Office.stranger))
            let first = try await confirmApp(by: Office.wanjiku)
            let second = try await confirmApp(by: Office.wanjiku)

            #expect(member.refusal == .notOwner && heldOwner.refusal == .notOwner)
            #expect(first == .success(true) && second == .success(false))
            #expect(try await office.audit(.appConfirmed).map(\.actor) == [.person(Office.wanjiku)])
        }
    }

    @Test(arguments: Engine.available)
    func `an owner confirms no app of another organisation`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let start = office.start
            let made = try await office.make(NewApp(organisationID: Office.other, name: "Theirs", kind: .web, redirectURIs: [Office.callback]))
            let theirs = try made.get().app.id
            try await office.db.write { tx in
                _ = try ApplicationsRestoration().holdApps(by: .commandLine, at: start, in: tx)
            }

            let outcome = try await office.db.write {
                try ApplicationsRestoration().confirm(theirs, of: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: $0)
            }

            let held = try await office.db.read { try ApplicationsRestoration().held(in: $0) }
            let entries = try await office.audit(.appConfirmed)
            #expect(outcome == .success(false) && held == [theirs] && entries.isEmpty)
        }
    }

    @Test(arguments: Engine.available)
    func `the last owner in force stays beside held ones, and removes those`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, start) = (office.memberships, office.start)
            try await office.db.write { tx in
                try memberships.add(Office.stranger, to: Office.acme, role: .owner, at: start + .seconds(2), in: tx)
            }
            _ = try await hold(office)
            _ = try await confirm(Office.wanjiku, office).get()

            let (leaves, steps, removes) = try await office.db.write { tx in
                (
                    try memberships.remove(Office.wanjiku, from: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).refusal,
                    try memberships.setRole(.member, of: Office.wanjiku, in: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).refusal,
                    try memberships.remove(Office.stranger, from: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).isSuccess
                )
            }

            #expect(leaves == .lastOwner && steps == .lastOwner && removes)
        }
    }
}
