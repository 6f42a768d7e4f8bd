package import OAuth
package import Primitives
import Storage

/// A sign-in of a person in one browser.
package struct Session: Hashable, Sendable {
    package let id: SessionID
    package let person: Person
    /// When the person last proved who they are: the `auth_time` of OpenID Connect.
    package let authenticatedAt: Timestamp
    /// How: the `amr` of RFC 8176.
    package let methods: [String]
    /// To the minute.
    package let lastSeenAt: Timestamp
    /// The absolute end, whatever happens.
    package let expiresAt: Timestamp
    /// The network address of the sign-in.
    package let address: String

    /// The `acr` that the methods amount to.
    package var level: AuthenticationLevel { AuthenticationLevel(methods: methods) }
}

extension Session {
    /// The sign-in of the sandbox's robot customer, with both factors: it ends with the request, no table keeps it, and no browser has it.
    package static func ofRobot(_ person: Person, at now: Timestamp, from randomness: any RandomSource) -> Session {
        Session(
            id: .random(from: randomness), person: person, authenticatedAt: now, methods: SecondStep.methods, lastSeenAt: now, expiresAt: now, address: "")
    }
}

/// How long sessions live.
package struct SessionLimits: Sendable {
    /// Without a request.
    package var idle: [Population: Duration] = [.customer: .minutes(15), .developer: .minutes(30), .staff: .minutes(30)]
    /// In all.
    package var absolute: Duration = .hours(12)

    package init() {}

    func idle(for population: Population) -> Duration { idle[population] ?? .minutes(15) }
}

extension Session {
    /// From a row of session joined with person, whose id stands in `person_id` and the session's in `session_id`.
    init(_ row: Row, person: Person) throws {
        let methods: String = try row["methods"]
        self.init(
            id: try row["session_id"], person: person, authenticatedAt: try row["authenticated_at"],
            methods: methods.split(separator: " ").map(String.init), lastSeenAt: try row["last_seen_at"], expiresAt: try row["expires_at"],
            address: try row["address"])
    }
}
