import Identity
import Primitives
import Storage
import TestSupport
import Testing

@Suite("People")
struct PeopleTests {
    @Test(arguments: Engine.available)
    func `a person is found by id and by sign-in name in any case`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, wanjiku) = (house.people, house.wanjiku)

            let byID = try await house.db.read { try people.find(wanjiku.id, in: $0) }
            let byName = try await house.db.read { try people.find(signInName: "  WANJIKU@Example.COM ", population: .developer, in: $0) }

            #expect(byID == wanjiku)
            #expect(byName == wanjiku)
            #expect(wanjiku.givenName == "wanjiku@example.com")
        }
    }

    @Test(arguments: Engine.available)
    func `names are unique in a population and world, and free in every other`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, start) = (house.people, house.start)
            func create(_ name: String, _ population: Population, _ world: OrganisationID?, id: String) async throws -> Person? {
                let new = NewPerson(
                    id: PersonID(trusted: "usr_\(id)"), population: population, world: world, signInName: name, name: "Amina", passwordHash: nil)
                return try await house.db.write { try people.create(new, at: start, in: $0) }
            }

            let made = [
                try await create("Amina.Traveler", .customer, House.acme, id: "1") != nil,
                try await create("amina.traveler", .customer, OrganisationID(trusted: "org_third"), id: "2") != nil,
                try await create("amina.traveler", .staff, nil, id: "3") != nil,
                try await create("AMINA.TRAVELER", .staff, nil, id: "4") != nil,
                try await create("   ", .staff, nil, id: "5") != nil,
            ]

            #expect(made == [false, true, true, false, false])
        }
    }

    @Test(arguments: Engine.available)
    func `fifty who take one name at once: one gets it`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, start) = (house.people, house.start)

            let made = try await race { index in
                let new = NewPerson(
                    id: PersonID(trusted: "usr_\(index)"), population: .staff, signInName: "first@example.com", name: "First", passwordHash: nil)
                return try await house.db.write { try people.create(new, at: start, in: $0) }
            }

            #expect(made.compactMap { $0 }.count == 1)
        }
    }

    @Test(arguments: ["", " ", "\u{0}", "a\u{7}b", String(repeating: "x", count: 255), String(repeating: "é", count: 100_000)])
    func `what is no name folds to nothing`(text: String) {
        #expect(SignInName.fold(text) == nil)
    }

    @Test
    func `composed and decomposed spellings are one name`() {
        #expect(SignInName.fold("Ren\u{E9}e") == SignInName.fold("rene\u{301}e"))
        #expect(SignInName.fold("Brian.Parent") == "brian.parent")
    }

    @Test(arguments: ["wanjiku@example.com", "W.Kamau+apps@mail.example.co.ke", "o'neil@example.ie", "josé@example.com", "a@b.cd"])
    func `an email address is read`(text: String) {
        #expect(EmailAddress(text)?.text == text.lowercased())
    }

    @Test(arguments: [
        "", "wanjiku", "@example.com", "wanjiku@", "wanjiku@localhost", "a@b@example.com", "a b@example.com", "a@exa mple.com", "a@example.com\r\nBcc: x@y.z",
        "a@-example.com", "a@example..com", "a@example.com.", ".a@example.com", "a.@example.com", "a..b@example.com", "<a@example.com>", "a@[127.0.0.1]",
        "a@example.com,b@example.com", "\"a\"@example.com", String(repeating: "a", count: 65) + "@example.com",
    ])
    func `what is no email address is refused`(text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test
    func `hostile addresses are refused quickly`() {
        let inputs = [String(repeating: "a", count: 100_000), String(repeating: "@", count: 100_000), "a@" + String(repeating: "a.", count: 50_000)]

        let elapsed = ContinuousClock().measure { for input in inputs { #expect(EmailAddress(input) == nil) } }

        #expect(elapsed < .milliseconds(500))
    }
}
