package import Primitives
import Storage

/// A customer, developer or member of staff.
package struct Person: Hashable, Sendable {
    package let id: PersonID
    package let population: Population
    /// Customers: the organisation whose sandbox they live in. Others have none.
    package let world: OrganisationID?
    /// Lower-case, unique within population and world; developers and staff sign in with their email.
    package let signInName: String
    /// The full name.
    package let name: String
    package let givenName: String
    package let email: String?
    package let emailConfirmedAt: Timestamp?
    package let phone: String?
    package let createdAt: Timestamp
    package let disabledAt: Timestamp?

    package init(
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

    package var isActive: Bool { disabledAt == nil }
    package var hasConfirmedEmail: Bool { emailConfirmedAt != nil }
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
