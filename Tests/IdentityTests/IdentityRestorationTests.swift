import Identity
import Primitives
import Storage
import TestSupport
import Testing

/// Each with one row more than a statement changes.
@Suite("Credentials after a restore")
struct IdentityRestorationTests {
    private static let many = 2001

    private static let sessions = SQL.Insertion(
        into: "session", columns: ["id", "digest", "person_id", "population", "methods", "address", "authenticated_at", "last_seen_at", "expires_at"])
    private static let links = SQL.Insertion(into: "one_time_link", columns: ["digest", "purpose", "person_id", "created_at", "expires_at"])
    private static let factors = SQL.Insertion(into: "second_factor", columns: ["person_id", "sealed_key", "last_step", "enrolled_at"])
    private static let codes = SQL.Insertion(into: "recovery_code", columns: ["digest", "person_id", "created_at"])

    @Test(arguments: Engine.available)
    func `every session and every link ends, once`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (start, person) = (house.start, house.wanjiku.id.rawValue)
            let (made, end) = (start.seconds, (start + .hours(12)).seconds)
            let sessions = (0..<Self.many).map { number -> [SQLValue] in
                [
                    .text("ses_\(number)"), .text("digest \(number)"), .text(person), .text(Population.developer.rawValue), .text("pwd"), .text(""),
                    .integer(made), .integer(made), .integer(end),
                ]
            }
            let links = (0..<Self.many).map { number -> [SQLValue] in
                [.text("digest \(number)"), .text(LinkPurpose.resetPassword.rawValue), .text(person), .integer(made), .integer(end)]
            }
            try await house.db.write { tx in
                try tx.insert(sessions, by: Self.sessions)
                try tx.insert(links, by: Self.links)
            }

            let ended = try await house.db.write { try IdentityRestoration().endSessionsAndLinks(at: start, in: $0) }
            let again = try await house.db.write { try IdentityRestoration().endSessionsAndLinks(at: start, in: $0) }

            #expect(ended.sessions == Self.many && ended.links == Self.many)
            #expect(again.sessions == 0 && again.links == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `every recovery code is worth nothing, and every authenticator key counts from now on`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let start = house.start
            let factors = (0..<Self.many).map { number -> [SQLValue] in [.text("usr_\(number)"), .text("sealed"), .integer(0), .integer(start.seconds)] }
            let codes = (0..<Self.many).map { number -> [SQLValue] in [.text("digest \(number)"), .text("usr_\(number)"), .integer(start.seconds)] }
            try await house.db.write { tx in
                try tx.insert(factors, by: Self.factors)
                try tx.insert(codes, by: Self.codes)
            }

            let ended = try await house.db.write { try IdentityRestoration().endCodes(at: start, in: $0) }

            let (unused, untouched) = try await house.db.read { tx in
                (
                    try tx.all("SELECT digest FROM recovery_code WHERE used_at IS NULL").count,
                    try tx.all("SELECT person_id FROM second_factor WHERE last_step = 0").count
                )
            }
            #expect(ended == Self.many && unused == 0 && untouched == 0)
        }
    }
}
