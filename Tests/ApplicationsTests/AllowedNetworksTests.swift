import Applications
import Events
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

@Suite("From where an app may call")
struct AllowedNetworksTests {
    private static let networks = ["192.0.2.0/24", "2001:db8::/32"].compactMap(IPNetwork.init)
    private static let many = (0...100).compactMap { IPNetwork("10.0.0.\($0)") }

    private static func new(_ networks: [IPNetwork], kind: AppKind = .backend) -> NewApp {
        NewApp(
            organisationID: Office.acme, name: "App", kind: kind, redirectURIs: kind.needsRedirectURI ? [Office.callback] : [], allowedNetworks: networks)
    }

    @Test(arguments: Engine.available)
    func `the list is kept with the app, in the order it was given`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let made = try await office.make(Self.new(Self.networks)).get()
            let free = try await office.make(Self.new([])).get()
            let apps = office.apps

            let found = try await office.db.read { try apps.find(made.app.id, in: $0) }
            let listed = try await office.db.read { try apps.list(of: Office.acme, in: $0) }

            #expect(made.app.allowedNetworks == Self.networks && fields(found) == fields(made.app))
            #expect(free.app.allowedNetworks.isEmpty)
            #expect(Set(listed.map(\.allowedNetworks)) == [Self.networks, []])
        }
    }

    @Test(arguments: Engine.available)
    func `a change is announced and audited, another change leaves the list as it is`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let app = try await office.make(Self.new([])).get().app
            let (apps, start) = (office.apps, office.start)
            let before = try await office.changes().count
            @Sendable func update(_ change: AppChange) async throws -> App {
                try await office.db.write { try apps.update(app.id, change, by: .person(Office.brian), at: start, requestID: nil, in: $0) }.get()
            }

            #expect(try await update(AppChange(allowedNetworks: Self.networks)).allowedNetworks == Self.networks)
            #expect(try await update(AppChange(name: "New name")).allowedNetworks == Self.networks)
            #expect(try await update(AppChange(allowedNetworks: [])).allowedNetworks.isEmpty)

            let entries = try await office.audit(.appUpdated)
            #expect(Set(entries.map(\.before)) == [["allowed_networks": ""], ["name": "App"], ["allowed_networks": "192.0.2.0/24\n2001:db8::/32"]])
            #expect(Set(entries.map(\.after)) == [["allowed_networks": "192.0.2.0/24\n2001:db8::/32"], ["name": "New name"], ["allowed_networks": ""]])
            #expect(try await office.changes().dropFirst(before) == ["app \(app.id)", "app \(app.id)", "app \(app.id)"])
        }
    }

    @Test(arguments: Engine.available)
    func `an app without a secret cannot have one, nor any app a list beyond 100 or with the same twice`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (apps, start) = (office.apps, office.start)
            for kind in [AppKind.singlePage, .native] {
                #expect(try await office.make(Self.new(Self.networks, kind: kind)).refusal == .networksOfPublicApp)
                let app = try await office.make(Self.new([], kind: kind)).get().app
                let change = AppChange(allowedNetworks: Self.networks)
                let refusal = try await office.db.write { try apps.update(app.id, change, by: .system, at: start, requestID: nil, in: $0) }.refusal
                #expect(refusal == .networksOfPublicApp)
                let found = try await office.db.read { try apps.find(app.id, in: $0) }
                #expect(fields(found) == fields(app))
            }

            #expect(try await office.make(Self.new(Self.many)).refusal == .tooManyNetworks)
            #expect(try await office.make(Self.new(Array(Self.many.prefix(100)))).isSuccess)
            #expect(try await office.make(Self.new(Self.networks + [Self.networks[0]])).refusal == .networkTwice("192.0.2.0/24"))
        }
    }

    @Test(arguments: Engine.available)
    func `an app registered or changed by a node of the version before keeps what it has`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (limited, free) = (try await office.make(Self.new(Self.networks)).get().app, AppID(trusted: "app_before"))
            let (apps, start) = (office.apps, office.start)

            try await office.db.write { tx in
                try tx.execute("UPDATE app SET name = \("Renamed"), purpose = \(nil as String?), redirect_uris = '', scopes = scopes WHERE id = \(limited.id)")
                try tx.execute(
                    """
                    INSERT INTO app (id, client_id, organisation_id, name, kind, environment, profile, redirect_uris, grant_types, scopes,
                                     authentication_method, created_at)
                    VALUES (\(free), 'before', \(Office.acme), 'Before', 'backend', 'sandbox', 'oauth21', '', 'client_credentials', 'consents.write',
                            'client_secret_basic', \(start))
                    """)
            }

            #expect(try await office.db.read { try apps.find(limited.id, in: $0) }?.allowedNetworks == Self.networks)
            #expect(try await office.db.read { try apps.find(free, in: $0) }?.allowedNetworks == [])
        }
    }

    @Test(arguments: Engine.available)
    func `a list that cannot be read lets nobody in`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, apps) = (try await office.make(Self.new(Self.networks)).get().app, office.apps)
            try await office.db.write { _ = try $0.execute("UPDATE app SET allowed_networks = \("192.0.2.0/240") WHERE id = \(app.id)") }

            await #expect(throws: StorageError.self) { try await office.db.read { _ = try apps.find(app.id, in: $0) } }
        }
    }

    @Test func `from anywhere without a list, with one from its networks alone, and never from nowhere`() async throws {
        try await Office.open(.sqlite) { office in
            let free = try await office.make(Self.new([])).get().app
            let limited = try await office.make(Self.new(Self.networks)).get().app
            let mayCall = { (app: App, address: String) in app.mayCall(from: IPAddress(address)) }

            #expect(mayCall(free, "203.0.113.9") && free.mayCall(from: nil))
            #expect(mayCall(limited, "192.0.2.255") && mayCall(limited, "::ffff:192.0.2.1") && mayCall(limited, "2001:db8::1"))
            #expect(!mayCall(limited, "192.0.3.0") && !mayCall(limited, "2001:db9::") && !limited.mayCall(from: nil))
        }
    }
}
