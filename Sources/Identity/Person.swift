public import Primitives
import Storage

/// A customer, developer or member of staff.
public struct Person: Hashable, Sendable {
    public let id: PersonID
    public let population: Population
    /// Customers: the organisation whose sandbox they live in. Others have none.
    public let world: OrganisationID?
    /// Lower-case, unique within population and world; developers and staff sign in with their email.
    public let signInName: String
    /// The full name.
    public let name: String
    public let givenName: String
    public let email: String?
    public let emailConfirmedAt: Timestamp?
    public let phone: String?
    public let createdAt: Timestamp
    public let disabledAt: Timestamp?

    public init(
        id: PersonID, population: Population, world: OrganisationID?, signInName: String, name: String, givenName: String, email: String?,
        emailConfirmedAt: Timestamp?, phone: String?, createdAt: Timestamp, disabledAt: Timestamp?
    ) {
        self.id = id
        self.population = population
        self.world = world
        self.signInName = signInName
        self.name = name
        self.givenName = givenName
        self.email = email
        self.emailConfirmedAt = emailConfirmedAt
        self.phone = phone
        self.createdAt = createdAt
        self.disabledAt = disabledAt
    }

    public var isActive: Bool { disabledAt == nil }
    public var hasConfirmedEmail: Bool { emailConfirmedAt != nil }
}

extension Person {
    init(_ row: Row) throws {
        // World is part of a unique key, where NULLs would differ from each other: none is the empty text there.
        let world: String = try row["world"]
        self.init(
            id: try row["id"], population: try row["population"], world: world.isEmpty ? nil : OrganisationID(trusted: world),
            signInName: try row["sign_in_name"], name: try row["name"], givenName: try row["given_name"], email: try row["email"],
            emailConfirmedAt: try row["email_confirmed_at"], phone: try row["phone"], createdAt: try row["created_at"],
            disabledAt: try row["disabled_at"])
    }
}
