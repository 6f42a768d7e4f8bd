import Applications
import Events
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Organisations, members and invitations")
struct OrganisationTests {
    @Test(arguments: Engine.available)
    func `an organisation begins on the free plan with its owner and a handle`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (organisations, memberships) = (office.organisations, office.memberships)
            let (acme, byHandle, members) = try await office.db.read { tx in
                (
                    try organisations.find(Office.acme, in: tx), try organisations.find(handle: "ACME-Budget", in: tx),
                    try memberships.list(of: Office.acme, in: tx)
                )
            }

            #expect(acme?.plan == .free && acme?.name == "Acme Budget" && acme?.handle == "acme-budget" && acme?.isDemo == false)
            #expect(byHandle == acme)
            #expect(members.map(\.role) == [.owner, .member])
            #expect(Plan.free.dailyCalls == 1000 && Plan.unlimited.dailyCalls == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `organisations of one name get handles of their own, at once too`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (organisations, start) = (office.organisations, office.start)

            let made = try await race { index in
                try await office.db.write { tx in
                    try organisations.create(
                        id: OrganisationID(trusted: "org_\(String(index, radix: 36))x\(index)"), name: "Ünïque & Co.", owner: nil, by: .system, at: start,
                        requestID: nil, in: tx)
                }
            }

            #expect(Set(made.compactMap { $0?.handle }).count == 50)
            #expect(
                made.compactMap { $0?.handle }.allSatisfy { handle in handle.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 } }
            )
        }
    }

    @Test(arguments: Engine.available)
    func `a given handle is given once`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (organisations, start) = (office.organisations, office.start)

            let second = try await office.db.write { tx in
                try organisations.create(
                    id: OrganisationID(trusted: "org_2"), name: "Acme", handle: "acme-budget", owner: nil, by: .system, at: start, requestID: nil, in: tx)
            }

            #expect(second == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a new plan or name reaches the apps, the caches and the audit log`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (organisations, apps, start) = (office.organisations, office.apps, office.start)
            let (app, _) = try await office.makeWeb()

            let changed = try await office.db.write { tx in
                _ = try organisations.rename(Office.acme, to: "Acme Savings", by: .person(Office.wanjiku), at: start, requestID: nil, in: tx)
                return try organisations.setPlan(.unlimited, of: Office.acme, by: .commandLine, at: start, requestID: nil, in: tx)
            }
            let after = try await office.db.read { try apps.find(app.id, in: $0) }

            #expect(changed?.plan == .unlimited)
            #expect(after?.plan == .unlimited && after?.organisationName == "Acme Savings")
            #expect(try await office.changes().suffix(2) == ["organisation org_acme", "organisation org_acme"])
            #expect(try await office.audit(.planChanged).map(\.after) == [["plan": "unlimited"]])
        }
    }

    @Test(arguments: Engine.available)
    func `only an owner removes others; everybody may leave; the last owner stays`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, start) = (office.memberships, office.start)
            func remove(_ person: PersonID, by acting: PersonID) async throws -> MembershipRefusal? {
                try await office.db.write { try memberships.remove(person, from: Office.acme, by: acting, at: start, requestID: nil, in: $0).refusal }
            }

            let refusals = [
                try await remove(Office.wanjiku, by: Office.brian), try await remove(Office.brian, by: Office.stranger),
                try await remove(Office.stranger, by: Office.stranger), try await remove(Office.stranger, by: Office.wanjiku),
                try await remove(Office.wanjiku, by: Office.wanjiku), try await remove(Office.brian, by: Office.brian),
                try await remove(Office.brian, by: Office.wanjiku),
            ]

            #expect(refusals == [.notOwner, .notOwner, .notOwner, .notMember, .lastOwner, nil, .notMember])
            #expect(try await office.audit(.memberRemoved).map(\.subject) == [Office.brian.rawValue])
        }
    }

    @Test(arguments: Engine.available)
    func `only an owner changes roles, and the last owner keeps theirs`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, start) = (office.memberships, office.start)
            func set(_ role: MemberRole, _ person: PersonID, by acting: PersonID) async throws -> MembershipRefusal? {
                try await office.db.write { try memberships.setRole(role, of: person, in: Office.acme, by: acting, at: start, requestID: nil, in: $0).refusal }
            }

            let refusals = [
                try await set(.owner, Office.brian, by: Office.brian), try await set(.member, Office.wanjiku, by: Office.wanjiku),
                try await set(.owner, Office.stranger, by: Office.wanjiku), try await set(.owner, Office.brian, by: Office.wanjiku),
                try await set(.member, Office.wanjiku, by: Office.brian), try await set(.owner, Office.wanjiku, by: Office.wanjiku),
            ]

            #expect(refusals == [.notOwner, .lastOwner, .notMember, nil, nil, .notOwner])
        }
    }

    @Test(arguments: Engine.available)
    func `two owners who leave at once do not leave an organisation without one, twenty rounds`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, organisations, start) = (office.memberships, office.organisations, office.start)
            for round in 1...20 {
                let id = OrganisationID(trusted: "org_r\(round)")
                try await office.db.write { tx in
                    _ = try organisations.create(id: id, name: "Round", owner: Office.wanjiku, by: .system, at: start, requestID: nil, in: tx)
                    try memberships.add(Office.brian, to: id, role: .owner, at: start, in: tx)
                }

                _ = try await race(2) { index in
                    let person = [Office.wanjiku, Office.brian][index]
                    return try await office.db.write { try memberships.remove(person, from: id, by: person, at: start, requestID: nil, in: $0).isSuccess }
                }

                let left = try await office.db.read { try memberships.list(of: id, in: $0) }
                #expect(left.count == 1)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `an invitation is accepted once, by whoever holds the link`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (invitations, memberships, start) = (office.invitations, office.memberships, office.start)
            let (invitation, secret) = try await office.db.write { tx in
                try invitations.invite(email: "chao@example.com", role: .member, to: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).get()
            }

            let found = try await office.db.read { try invitations.find(secret: secret.value, at: start, in: $0) }
            let accepted = try await race { index in
                try await office.db.write {
                    try invitations.accept(secret: secret.value, by: PersonID(trusted: "usr_\(index)"), at: start, requestID: nil, in: $0)
                }
            }.compactMap { $0 }
            let members = try await office.db.read { try memberships.list(of: Office.acme, in: $0) }
            let digests = try await office.db.read { try $0.all("SELECT digest FROM invitation").map { try $0["digest"] as String } }

            #expect(found == invitation)
            #expect(Base64URL.decode(secret.value)?.count == 32)
            #expect(accepted.count == 1)
            #expect(members.count == 3 && members.last?.role == .member)
            #expect(digests == [secret.digest.text])
            #expect(try await office.audit(.invitationAccepted).count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `an invitation lasts seven days, and dies when withdrawn or replaced`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (invitations, start) = (office.invitations, office.start)
            func invite(_ email: String) async throws -> (invitation: Invitation, secret: Secret) {
                try await office.db.write {
                    try invitations.invite(email: email, role: .member, to: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: $0).get()
                }
            }
            func isOpen(_ secret: Secret, after: Duration = .zero) async throws -> Bool {
                try await office.db.read { try invitations.find(secret: secret.value, at: start + after, in: $0) } != nil
            }
            let kept = try await invite("a@example.com")
            let withdrawn = try await invite("b@example.com")
            let replaced = try await invite("c@example.com")
            let newer = try await invite("c@example.com")
            let answer = try await office.db.write {
                try invitations.withdraw(withdrawn.invitation.id, of: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: $0).get()
            }

            let states = [
                try await isOpen(kept.secret), try await isOpen(kept.secret, after: .days(7) - .seconds(1)), try await isOpen(kept.secret, after: .days(7)),
                try await isOpen(withdrawn.secret), try await isOpen(replaced.secret), try await isOpen(newer.secret),
            ]
            let tooLate = try await office.db.write {
                try invitations.accept(secret: kept.secret.value, by: Office.stranger, at: start + .days(7), requestID: nil, in: $0)
            }
            let listed = try await office.db.read { try invitations.list(of: Office.acme, at: start, in: $0) }

            #expect(answer)
            #expect(states == [true, true, false, false, false, true])
            #expect(tooLate == nil)
            #expect(Set(listed.map(\.email)) == ["a@example.com", "c@example.com"])
        }
    }

    @Test(arguments: Engine.available)
    func `members and strangers can neither invite nor withdraw`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (invitations, start) = (office.invitations, office.start)
            let open = try await office.db.write { tx in
                try invitations.invite(email: "a@example.com", role: .owner, to: Office.acme, by: Office.wanjiku, at: start, requestID: nil, in: tx).get()
                    .invitation
            }

            for person in [Office.brian, Office.stranger] {
                let refusals = try await office.db.write { tx in
                    [
                        try invitations.invite(email: "x@example.com", role: .owner, to: Office.acme, by: person, at: start, requestID: nil, in: tx).refusal,
                        try invitations.withdraw(open.id, of: Office.acme, by: person, at: start, requestID: nil, in: tx).refusal,
                    ]
                }
                #expect(refusals == [.notOwner, .notOwner])
            }
            // An owner elsewhere does not reach it through their own organisation.
            let foreign = try await office.db.write {
                try invitations.withdraw(open.id, of: Office.other, by: Office.stranger, at: start, requestID: nil, in: $0).get()
            }
            #expect(!foreign)
        }
    }

    @Test(arguments: Engine.available)
    func `what was never sent opens nothing`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (invitations, start) = (office.invitations, office.start)
            for secret in ["", "x", String(repeating: "A", count: 43), String(repeating: "A", count: 100_000)] {
                let accepted = try await office.db.write { try invitations.accept(secret: secret, by: Office.stranger, at: start, requestID: nil, in: $0) }
                #expect(accepted == nil)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a person's organisations are listed as they joined them`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (memberships, organisations, start) = (office.memberships, office.organisations, office.start)
            try await office.db.write { tx in
                try memberships.add(Office.brian, to: Office.other, role: .member, at: start + .days(1), in: tx)
                let again = try memberships.add(Office.brian, to: Office.other, role: .owner, at: start + .days(2), in: tx)
                #expect(!again)
            }

            let listed = try await office.db.read { try organisations.list(of: Office.brian, in: $0) }
            let role = try await office.db.read { try memberships.find(Office.brian, in: Office.other, in: $0)?.role }

            #expect(listed.map(\.id) == [Office.acme, Office.other])
            #expect(role == .member)
        }
    }
}
