import JSON
import OAuth
import Primitives
import Storage

/// How lists of an app stand in columns.
enum AppColumns {
    static func redirectURIs(_ uris: [RedirectURI]) -> String { uris.map(\.text).joined(separator: "\n") }

    static func networks(_ networks: [IPNetwork]) -> String { networks.map(\.description).joined(separator: "\n") }

    static func grantTypes(_ types: Set<GrantType>) -> String { GrantType.allCases.filter(types.contains).map(\.rawValue).joined(separator: " ") }

    static func described(_ app: App) -> [String: String] {
        [
            "name": app.name, "purpose": app.purpose ?? "", "redirect_uris": redirectURIs(app.redirectURIs),
            "allowed_networks": networks(app.allowedNetworks), "scopes": app.scopes.text, "kind": app.kind.rawValue,
            "grant_types": grantTypes(app.grantTypes), "profile": app.profile.rawValue,
            "authentication_method": app.authenticationMethod.rawValue, "metadata": app.metadata.json.text,
        ]
    }
}

extension SQL.StringInterpolation {
    mutating func appendInterpolation(columnsOf: App.Type) {
        appendLiteral(
            """
            app.id, app.client_id, app.organisation_id, organisation.name AS organisation_name, organisation.world_id, organisation.plan, app.name,
            app.purpose, app.kind, app.environment, app.profile, app.redirect_uris, app.allowed_networks, app.grant_types, app.scopes, app.authentication_method, app.metadata,
            app.created_at, app.held_at, app.removed_at
            """)
    }

    mutating func appendInterpolation(columnsOf: AppSecret.Type) {
        appendLiteral(
            """
            app_secret.id AS secret_id, app_secret.digest, app_secret.hint, app_secret.created_at AS secret_created_at, app_secret.last_used_at,
            app_secret.last_used_from, app_secret.revoked_at
            """)
    }
}

extension AppSecret {
    init(_ row: Row) throws {
        self.init(
            id: try row["secret_id"], digest: try row["digest"], hint: try row["hint"], createdAt: try row["secret_created_at"],
            lastUsedAt: try row["last_used_at"], lastUsedFrom: try row["last_used_from"], revokedAt: try row["revoked_at"])
    }
}

extension App {
    /// From a row for each secret, or one row without any.
    convenience init?(withSecrets rows: [Row]) throws {
        guard let row = rows.first else { return nil }
        try self.init(row, secrets: rows.filter { try $0["secret_id"] as SecretID? != nil }.map(AppSecret.init))
    }

    convenience init(_ row: Row, secrets: [AppSecret]) throws {
        let clientID: String = try row["client_id"]
        let redirectURIs: String = try row["redirect_uris"]
        let networks: String = try row["allowed_networks"]
        let grantTypes: String = try row["grant_types"]
        let scopes: String = try row["scopes"]
        let method: String = try row["authentication_method"]
        guard let clientID = ClientID(clientID) else { throw StorageError.unexpectedValue(column: "client_id") }
        guard let scopes = ScopeSet(scopes) else { throw StorageError.unexpectedValue(column: "scopes") }
        guard let method = ClientAuthenticationMethod(rawValue: method) else { throw StorageError.unexpectedValue(column: "authentication_method") }
        let metadata: String = try row["metadata"]
        guard let members = try? JSONValue(parsing: metadata).object, let metadata = try? ClientMetadata(reading: members) else {
            throw StorageError.unexpectedValue(column: "metadata")
        }
        // A line that could not be read must not be left out: a list of which nothing is left would let everybody in.
        let allowedNetworks = try networks.split(separator: "\n").map { line in
            guard let network = IPNetwork(String(line)) else { throw StorageError.unexpectedValue(column: "allowed_networks") }
            return network
        }
        self.init(
            id: try row["id"], clientID: clientID, organisationID: try row["organisation_id"], organisationName: try row["organisation_name"],
            world: try row["world_id"], plan: try row["plan"], name: try row["name"], purpose: try row["purpose"], kind: try row["kind"],
            environment: try row["environment"],
            profile: try row["profile"], redirectURIs: redirectURIs.split(separator: "\n").map { RedirectURI(registered: String($0)) },
            allowedNetworks: allowedNetworks,
            grantTypes: Set(grantTypes.split(separator: " ").compactMap { GrantType(rawValue: String($0)) }), scopes: scopes,
            authenticationMethod: method, metadata: metadata,
            // The statements put the live ones first, which must not stand behind revoked ones that no limit lets through; here all are in the order of time.
            secrets: secrets.sorted { ($1.createdAt, $0.id.rawValue) < ($0.createdAt, $1.id.rawValue) }, createdAt: try row["created_at"],
            removedAt: try row["removed_at"], heldAt: try row["held_at"])
    }
}
