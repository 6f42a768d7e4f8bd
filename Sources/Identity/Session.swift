public import OAuth
public import Primitives
import Storage

/// A sign-in of a person in one browser.
public struct Session: Hashable, Sendable {
    public let id: SessionID
    public let person: Person
    /// When the person last proved who they are: the `auth_time` of OpenID Connect.
    public let authenticatedAt: Timestamp
    /// How: the `amr` of RFC 8176.
    public let methods: [String]
    /// To the minute.
    public let lastSeenAt: Timestamp
    /// The absolute end, whatever happens.
    public let expiresAt: Timestamp
    /// The network address of the sign-in.
    public let address: String

    /// The `acr` that the methods amount to.
    public var level: AuthenticationLevel { AuthenticationLevel(methods: methods) }
}

extension Session {
    /// The sign-in of the sandbox's robot customer, with both factors: it ends with the request, no table keeps it, and no browser has it.
    public static func ofRobot(_ person: Person, at now: Timestamp, from randomness: any RandomSource) -> Session {
        Session(
            id: .random(from: randomness), person: person, authenticatedAt: now, methods: SecondStep.methods, lastSeenAt: now, expiresAt: now, address: "")
    }
}

/// How long sessions live.
public struct SessionLimits: Sendable {
    /// Without a request.
    public var idle: [Population: Duration] = [.customer: .minutes(15), .developer: .minutes(30), .staff: .minutes(30)]
    /// In all.
    public var absolute: Duration = .hours(12)

    public init() {}

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
