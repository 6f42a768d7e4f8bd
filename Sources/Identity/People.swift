public import Primitives
public import Storage

/// What a person is made of.
public struct NewPerson: Sendable {
    public var id: PersonID
    public var population: Population
    public var world: OrganisationID?
    /// Folded before it is kept.
    public var signInName: String
    public var name: String
    public var givenName: String
    public var email: String?
    public var emailConfirmedAt: Timestamp?
    public var phone: String?
    /// An Argon2id encoding; `nil` for somebody who cannot sign in with a password yet.
    public var passwordHash: String?

    public init(
        id: PersonID, population: Population, world: OrganisationID? = nil, signInName: String, name: String, givenName: String? = nil,
        email: String? = nil, emailConfirmedAt: Timestamp? = nil, phone: String? = nil, passwordHash: String?
    ) {
        self.id = id
        self.population = population
        self.world = world
        self.signInName = signInName
        self.name = name
        self.givenName = givenName ?? String(name.split(separator: " ").first ?? Substring(name))
        self.email = email
        self.emailConfirmedAt = emailConfirmedAt
        self.phone = phone
        self.passwordHash = passwordHash
    }
}

/// The people, of all three populations.
public struct People: Sendable {
    public init() {}

    public func find(_ id: PersonID, in tx: any ReadTransaction) throws -> Person? {
        try tx.first(
            """
            SELECT id, population, world, sign_in_name, name, given_name, email, email_confirmed_at, phone, created_at, disabled_at
            FROM person
            WHERE id = \(id)
            """
        ).map(Person.init)
    }

    public func find(
        signInName: String, population: Population, world: OrganisationID? = nil, in tx: any ReadTransaction
    ) throws -> Person? {
        guard let name = SignInName.fold(signInName) else { return nil }
        return try tx.first(
            """
            SELECT id, population, world, sign_in_name, name, given_name, email, email_confirmed_at, phone, created_at, disabled_at
            FROM person
            WHERE population = \(population) AND world = \(world?.rawValue ?? "") AND sign_in_name = \(name)
            """
        ).map(Person.init)
    }

    /// The customers of one world, by name.
    public func list(
        population: Population, world: OrganisationID? = nil, after signInName: String? = nil, limit: Int, in tx: any ReadTransaction
    ) throws -> [Person] {
        try tx.all(
            """
            SELECT id, population, world, sign_in_name, name, given_name, email, email_confirmed_at, phone, created_at, disabled_at
            FROM person
            WHERE population = \(population) AND world = \(world?.rawValue ?? "") AND (\(signInName) IS NULL OR sign_in_name > \(signInName))
            ORDER BY sign_in_name
            LIMIT \(limit)
            """
        ).map(Person.init)
    }

    /// - Returns: `nil` when the sign-in name is taken in that population and world, or is no name at all; the statement itself decides.
    public func create(_ new: NewPerson, at now: Timestamp, in tx: any WriteTransaction) throws -> Person? {
        guard let name = SignInName.fold(new.signInName) else { return nil }
        return try tx.first(
            """
            INSERT INTO person (id, population, world, sign_in_name, name, given_name, email, email_confirmed_at, phone, password_hash, created_at)
            VALUES (\(new.id), \(new.population), \(new.world?.rawValue ?? ""), \(name), \(new.name), \(new.givenName), \(new.email),
                    \(new.emailConfirmedAt), \(new.phone), \(new.passwordHash), \(now))
            ON CONFLICT (population, world, sign_in_name) DO NOTHING
            RETURNING id, population, world, sign_in_name, name, given_name, email, email_confirmed_at, phone, created_at, disabled_at
            """
        ).map(Person.init)
    }

    public func passwordHash(of id: PersonID, in tx: any ReadTransaction) throws -> String? {
        guard let row = try tx.first("SELECT password_hash FROM person WHERE id = \(id)") else { return nil }
        return try row["password_hash"]
    }

    public func setPasswordHash(_ hash: String, of id: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute("UPDATE person SET password_hash = \(hash), password_changed_at = \(now) WHERE id = \(id)")
        try tx.announce(.person, id.rawValue, at: now)
    }

    /// - Returns: whether it was unconfirmed until now.
    @discardableResult
    public func confirmEmail(of id: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        let confirmed = try tx.execute("UPDATE person SET email_confirmed_at = \(now) WHERE id = \(id) AND email_confirmed_at IS NULL") == 1
        if confirmed { try tx.announce(.person, id.rawValue, at: now) }
        return confirmed
    }

    /// Somebody disabled cannot sign in and has no session any more.
    @discardableResult
    public func disable(_ id: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        let disabled = try tx.execute("UPDATE person SET disabled_at = \(now) WHERE id = \(id) AND disabled_at IS NULL") == 1
        if disabled { try tx.announce(.person, id.rawValue, at: now) }
        return disabled
    }
}

extension People {
    /// Several at once, by id.
    public func find(_ ids: [PersonID], in tx: any ReadTransaction) throws -> [PersonID: Person] {
        guard !ids.isEmpty else { return [:] }
        let people = try tx.all(
            """
            SELECT id, population, world, sign_in_name, name, given_name, email, email_confirmed_at, phone, created_at, disabled_at
            FROM person
            WHERE id IN \(list: Set(ids).sorted())
            """
        ).map(Person.init)
        return Dictionary(people.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension SQL.StringInterpolation {
    /// Whether somebody is not disabled; NULL when there is nobody.
    /// - Parameter column: that of another table of the statement which holds the person's id.
    public mutating func appendInterpolation(isActive column: StaticString) {
        appendLiteral("(SELECT person.disabled_at IS NULL FROM person WHERE person.id = \(column))")
    }
}
