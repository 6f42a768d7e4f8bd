import Applications
import Events
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Apps")
struct AppsTests {
    @Test(arguments: Engine.available)
    func `an app comes back as it was registered`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let uris = [Office.callback, RedirectURI(registered: "http://localhost:8080/cb?x=1")]
            let made = try await office.make(
                NewApp(organisationID: Office.acme, name: "Copilot “Ω”", purpose: "Shows your month", kind: .web, redirectURIs: uris)
            ).get()
            let apps = office.apps

            let byID = try await office.db.read { try apps.find(made.app.id, in: $0) }
            let byClientID = try await office.db.read { try apps.find(made.app.clientID, in: $0) }

            #expect(fields(byID) == fields(made.app) && fields(byClientID) == fields(made.app))
            #expect(made.app.name == "Copilot “Ω”" && made.app.purpose == "Shows your month")
            #expect(made.app.redirectURIs == uris)
            #expect(made.app.organisationName == "Acme Budget" && made.app.plan == .free)
            #expect(made.app.isActive && made.app.environment == .sandbox && made.app.profile == .oauth21)
            #expect(made.app.clientID.text.hasPrefix("app-") && made.app.clientID.text.count == 20)
        }
    }

    private static let defaults: [(AppKind, Set<GrantType>, ClientAuthenticationMethod)] = [
        (.web, [.authorizationCode, .refreshToken, .clientCredentials], .clientSecretBasic),
        (.singlePage, [.authorizationCode, .refreshToken], .none), (.native, [.authorizationCode, .refreshToken], .none),
        (.backend, [.clientCredentials], .clientSecretBasic),
    ]

    @Test(arguments: defaults)
    func `the kind decides grant types and method`(kind: AppKind, grantTypes: Set<GrantType>, method: ClientAuthenticationMethod) async throws {
        try await Office.open(.sqlite) { office in
            let made = try await office.make(
                NewApp(organisationID: Office.acme, name: "App", kind: kind, redirectURIs: kind.needsRedirectURI ? [Office.callback] : [])
            ).get()

            #expect(made.app.grantTypes == grantTypes)
            #expect(made.app.authenticationMethod == method)
            #expect(made.app.isPublic == (method == .none) && made.app.isConfidential != made.app.isPublic)
            #expect((made.secret == nil) == made.app.isPublic)
        }
    }

    private static let granted: [(AppKind, Set<GrantType>, ScopeSet)] = [
        (.web, [.authorizationCode, .clientCredentials], ScopeSet(Scope.allCases)),
        (.web, [.clientCredentials], [.paymentsWrite, .consentsWrite]),
        (.web, [.authorizationCode, .refreshToken], [.openid, .profile, .email, .phone, .address, .offlineAccess, .accountsRead, .transactionsRead]),
        (.native, [.authorizationCode, .clientCredentials], ScopeSet(Scope.allCases)),
        (.native, [.authorizationCode], [.openid, .profile, .email, .phone, .address, .offlineAccess, .accountsRead, .transactionsRead]),
        (.backend, [.clientCredentials], [.paymentsWrite, .consentsWrite]),
    ]

    @Test(arguments: granted)
    func `the grant types decide the scopes of an app that names none`(kind: AppKind, grantTypes: Set<GrantType>, scopes: ScopeSet) async throws {
        try await Office.open(.sqlite) { office in
            let new = NewApp(
                organisationID: Office.acme, name: "App", kind: kind, redirectURIs: [Office.callback], grantTypes: grantTypes,
                authenticationMethod: grantTypes.contains(.clientCredentials) ? .clientSecretBasic : nil)
            let made = try await office.make(new).get()

            #expect(made.app.scopes == scopes)
        }
    }

    @Test(arguments: Engine.available)
    func `a secret is shown once: the table and the audit log hold its digest and hint at most`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, secret) = try await office.makeWeb()

            #expect(secret.value.hasPrefix("wkz_sk_") && secret.value.count == 50)
            #expect(app.secrets.count == 1)
            #expect(app.secrets[0].digest == secret.digest && app.secrets[0].hint == String(secret.value.suffix(4)))
            #expect(app.secret(matching: secret.value)?.id == app.secrets[0].id)
            #expect(app.secret(matching: secret.value + "x") == nil && app.secret(matching: "") == nil && app.secret(matching: secret.digest.text) == nil)
            let entries = try await office.db.read { try AuditLog().list(limit: 100, in: $0) }
            #expect(!entries.contains { "\($0)".contains(secret.value) || "\($0)".contains(secret.digest.text) })
        }
    }

    @Test(arguments: Engine.available)
    func `a given client id is taken as it is, once`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let new = NewApp(organisationID: Office.acme, name: "Acme Budget", kind: .backend, clientID: ClientID("acme-budget"))

            let answers = try await race { _ in try await office.make(new) }

            let made = answers.compactMap { try? $0.get().app.clientID.text }
            #expect(made == ["acme-budget"])
            #expect(answers.filter { $0.refusal == .clientIDTaken }.count == 49)
        }
    }

    @Test(arguments: Engine.available)
    func `what contradicts itself is refused`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            func refusal(
                name: String = "App", purpose: String? = nil, _ kind: AppKind = .web, _ uris: [RedirectURI] = [Office.callback], grants: Set<GrantType>? = nil,
                method: ClientAuthenticationMethod? = nil
            ) async throws -> AppRefusal? {
                let new = NewApp(
                    organisationID: Office.acme, name: name, purpose: purpose, kind: kind, redirectURIs: uris, grantTypes: grants, authenticationMethod: method)
                return try await office.make(new).refusal
            }
            let many = (1...41).map { RedirectURI(registered: "https://app.example.com/\($0)") }

            let refusals = [
                try await refusal(name: "  \n"), try await refusal(name: String(repeating: "n", count: 61)),
                try await refusal(purpose: String(repeating: "p", count: 201)),
                try await refusal(.singlePage, []), try await refusal(.native, many), try await refusal(.web, [Office.callback, Office.callback]),
                try await refusal(.web, Array(many.prefix(40))), try await refusal(.backend, []),
            ]
            #expect(
                refusals == [
                    .nameMissing, .nameTooLong, .purposeTooLong, .redirectURIMissing, .tooManyRedirectURIs, .redirectURITwice(Office.callback.text), nil, nil,
                ])

            let contradictions = [
                try await refusal(grants: []), try await refusal(.backend, [], grants: [.refreshToken]),
                try await refusal(.singlePage, grants: [.clientCredentials], method: ClientAuthenticationMethod.none),
            ]
            #expect(contradictions.allSatisfy { if case .grantTypes = $0 { true } else { false } })
        }
    }

    @Test(arguments: Engine.available)
    func `a change is announced and audited with what was before and after`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, _) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)
            let before = try await office.changes().count

            let changed = try await office.db.write { tx in
                try apps.update(
                    app.id, AppChange(name: "New name", purpose: .some("Why"), redirectURIs: [RedirectURI(registered: "https://b.example/cb")]),
                    by: .person(Office.brian), at: start, requestID: nil, in: tx)
            }.get()

            #expect(changed.name == "New name" && changed.purpose == "Why" && changed.redirectURIs.map(\.text) == ["https://b.example/cb"])
            #expect(changed.scopes == app.scopes)
            let entries = try await office.audit(.appUpdated)
            #expect(entries.count == 1)
            #expect(entries[0].before == ["name": "Financial Copilot", "purpose": "", "redirect_uris": "https://app.example.com/callback"])
            #expect(entries[0].after == ["name": "New name", "purpose": "Why", "redirect_uris": "https://b.example/cb"])
            let announced = try await office.changes().dropFirst(before)
            #expect(Array(announced) == ["app \(app.id)"])
        }
    }

    @Test(arguments: Engine.available)
    func `a purpose can be taken away, and an unsound change changes nothing`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let made = try await office.make(NewApp(organisationID: Office.acme, name: "A", purpose: "Why", kind: .web, redirectURIs: [Office.callback])).get()
            let (apps, start) = (office.apps, office.start)
            func update(_ change: AppChange) async throws -> Result<App, AppRefusal> {
                try await office.db.write { try apps.update(made.app.id, change, by: .system, at: start, requestID: nil, in: $0) }
            }

            let withoutURI = try await update(AppChange(name: "B", redirectURIs: []))
            let withoutName = try await update(AppChange(name: " "))
            let withoutPurpose = try await update(AppChange(purpose: .some(nil))).get()

            #expect(withoutURI.refusal == .redirectURIMissing)
            #expect(withoutName.refusal == .nameMissing)
            #expect(withoutPurpose.purpose == nil && withoutPurpose.name == "A")
        }
    }

    @Test(arguments: Engine.available)
    func `a secret is replaced with overlap: two live at most, the last one stays`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, first) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)
            func add(_ after: Duration) async throws -> Result<(record: AppSecret, secret: Secret), AppRefusal> {
                try await office.db.write { try apps.addSecret(to: app.id, by: .person(Office.wanjiku), at: start + after, requestID: nil, in: $0) }
            }
            func revoke(_ id: SecretID) async throws -> Result<App, AppRefusal> {
                try await office.db.write { try apps.revokeSecret(id, of: app.id, by: .person(Office.wanjiku), at: start + .days(2), requestID: nil, in: $0) }
            }

            let lonely = try await revoke(app.secrets[0].id)
            let second = try await add(.days(1)).get()
            let third = try await add(.days(1))
            let both = try await office.db.read { try apps.find(app.id, in: $0) }
            let left = try await revoke(app.secrets[0].id).get()
            let again = try await revoke(app.secrets[0].id)
            let last = try await revoke(second.record.id)

            #expect(lonely.refusal == .lastSecret)
            #expect(third.refusal == .tooManySecrets)
            #expect(both?.secret(matching: first.value) != nil && both?.secret(matching: second.secret.value) != nil)
            #expect(left.secret(matching: first.value) == nil && left.secret(matching: second.secret.value) != nil)
            #expect(left.secrets.count == 2 && left.liveSecrets.map(\.id) == [second.record.id])
            #expect(again.refusal == .notFound)
            #expect(last.refusal == .lastSecret)
            #expect(try await office.audit(.secretAdded).count == 2)
            #expect(try await office.audit(.secretRevoked).map(\.before) == [["secret": app.secrets[0].id.rawValue, "hint": app.secrets[0].hint]])
        }
    }

    @Test(arguments: Engine.available)
    func `fifty who add a secret at once: one more is live, five rounds`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            for round in 1...5 {
                let (app, _) = try await office.makeWeb("App \(round)")
                let (apps, start) = (office.apps, office.start)

                let answers = try await race { _ in
                    try await office.db.write { try apps.addSecret(to: app.id, by: .system, at: start, requestID: nil, in: $0).refusal }
                }

                #expect(answers.filter { $0 == nil }.count == 1)
                #expect(answers.filter { $0 == .tooManySecrets }.count == 49)
                let after = try await office.db.read { try apps.find(app.id, in: $0) }
                #expect(after?.liveSecrets.count == 2)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `fifty who revoke both secrets at once leave one`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, _) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)
            let second = try await office.db.write { try apps.addSecret(to: app.id, by: .system, at: start, requestID: nil, in: $0).get().record.id }
            let ids = [app.secrets[0].id, second]

            _ = try await race { index in
                try await office.db.write { try apps.revokeSecret(ids[index % 2], of: app.id, by: .system, at: start, requestID: nil, in: $0).isSuccess }
            }

            let after = try await office.db.read { try apps.find(app.id, in: $0) }
            #expect(after?.liveSecrets.count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `public apps have no secrets`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let app = try await office.make(NewApp(organisationID: Office.acme, name: "SPA", kind: .singlePage, redirectURIs: [Office.callback])).get().app
            let (apps, start) = (office.apps, office.start)

            let refusal = try await office.db.write { try apps.addSecret(to: app.id, by: .system, at: start, requestID: nil, in: $0).refusal }

            #expect(refusal == .publicApp)
        }
    }

    @Test(arguments: Engine.available)
    func `a removed app is found inactive, without live secrets, and takes no changes`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, secret) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)

            let removed = try await race { _ in
                try await office.db.write { try apps.remove(app.id, by: .person(Office.wanjiku), at: start, requestID: nil, in: $0) }
            }
            let after = try await office.db.read { try apps.find(app.clientID, in: $0) }
            let listed = try await office.db.read { try apps.list(of: Office.acme, in: $0) }
            let refusals = try await office.db.write { tx in
                [
                    try apps.update(app.id, AppChange(name: "x"), by: .system, at: start, requestID: nil, in: tx).refusal,
                    try apps.addSecret(to: app.id, by: .system, at: start, requestID: nil, in: tx).refusal,
                    try apps.revokeSecret(app.secrets[0].id, of: app.id, by: .system, at: start, requestID: nil, in: tx).refusal,
                ]
            }

            #expect(removed.filter { $0 }.count == 1)
            #expect(after?.isActive == false && after?.removedAt == start)
            #expect(after?.secret(matching: secret.value) == nil)
            #expect(listed.isEmpty)
            #expect(refusals == [.notFound, .notFound, .notFound])
            #expect(try await office.audit(.appRemoved).count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `the list holds an organisation's own apps, the latest first`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (apps, start) = (office.apps, office.start)
            try await office.db.write { tx in
                for (index, organisation) in [Office.acme, Office.other, Office.acme].enumerated() {
                    _ = try apps.create(
                        NewApp(organisationID: organisation, name: "App \(index)", kind: .backend), by: .system, at: start + .seconds(Int64(index)),
                        requestID: nil, in: tx)
                }
            }

            let listed = try await office.db.read { try apps.list(of: Office.acme, in: $0) }

            #expect(listed.map(\.name) == ["App 2", "App 0"])
            #expect(listed.allSatisfy { $0.liveSecrets.count == 1 })
        }
    }

    @Test
    func `only native apps may vary the port of a loopback address`() async throws {
        try await Office.open(.sqlite) { office in
            let loopback = RedirectURI(registered: "http://127.0.0.1:8000/cb")
            let native = try await office.make(NewApp(organisationID: Office.acme, name: "N", kind: .native, redirectURIs: [loopback])).get().app
            let web = try await office.make(NewApp(organisationID: Office.acme, name: "W", kind: .web, redirectURIs: [loopback])).get().app

            #expect(native.redirectURI(matching: "http://127.0.0.1:51004/cb") == loopback)
            #expect(web.redirectURI(matching: "http://127.0.0.1:51004/cb") == nil)
            #expect(web.redirectURI(matching: "http://127.0.0.1:8000/cb") == loopback)
            #expect(native.redirectURI(matching: "http://127.0.0.1:51004/other") == nil)
        }
    }
}
