import Applications
import Certificates
import Events
import Logging
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

/// The register of apps' certificates, and the sandbox's authority, on both engines.
@Suite("Apps' certificates")
struct AppCertificatesTests {
    private static let certificates = AppCertificates()
    private static let wanjiku = Actor.person(Office.wanjiku)

    private static func certificate(_ number: UInt8, of app: App, at now: Timestamp, source: AppCertificate.Source = .upload) -> AppCertificate {
        AppCertificate(
            appID: app.id, thumbprint: Thumbprint(ofDER: [number]), pem: "PEM \(number)", subject: "CN=\(number)", notBefore: now, notAfter: now + .days(90),
            source: source, createdAt: now + .seconds(Int64(number)))
    }

    private static func add(_ certificate: AppCertificate, _ office: Office) async throws -> Result<AppCertificate, AppCertificateRefusal> {
        try await office.db.write { try certificates.add(certificate, by: wanjiku, requestID: RequestID(trusted: "req_1"), in: $0) }
    }

    @Test(arguments: Engine.available) func `what is added comes back, the latest first`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let app = try await office.makeWeb().app
            let (first, second) = (
                Self.certificate(1, of: app, at: office.start), Self.certificate(2, of: app, at: office.start, source: .request)
            )

            #expect(try await Self.add(first, office) == .success(first))
            #expect(try await Self.add(second, office) == .success(second))

            #expect(try await office.db.read { try Self.certificates.list(of: app.id, in: $0) } == [second, first])
            #expect(try await office.db.read { try Self.certificates.find(first.thumbprint, of: app.id, in: $0) } == first)
            #expect(try await office.db.read { try Self.certificates.isLive(first.thumbprint, in: $0) })
        }
    }

    @Test(arguments: Engine.available) func `one app has a certificate once, another may have it too`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, other) = (try await office.makeWeb().app, try await office.makeWeb("Other").app)
            let certificate = Self.certificate(1, of: app, at: office.start)
            _ = try await Self.add(certificate, office)

            #expect(try await Self.add(certificate, office) == .failure(.alreadyThere))
            _ = try await Self.add(Self.certificate(1, of: other, at: office.start), office).get()
            #expect(try await office.db.read { try Self.certificates.list(of: other.id, in: $0) }.count == 1)
        }
    }

    @Test(arguments: Engine.available) func `what is removed is gone for good`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, other) = (try await office.makeWeb().app, try await office.makeWeb("Other").app)
            let certificate = Self.certificate(1, of: app, at: office.start)
            _ = try await Self.add(certificate, office)
            let remove = { @Sendable (id: AppID) in
                try await office.db.write {
                    try Self.certificates.remove(certificate.thumbprint, of: id, by: Self.wanjiku, at: office.start, requestID: nil, in: $0)
                }
            }

            #expect(try await !remove(other.id))
            #expect(try await remove(app.id))
            #expect(try await !remove(app.id))

            #expect(try await office.db.read { try Self.certificates.list(of: app.id, in: $0) } == [])
            #expect(try await office.db.read { try !Self.certificates.isLive(certificate.thumbprint, in: $0) })
            #expect(try await Self.add(certificate, office) == .failure(.removedBefore))
        }
    }

    @Test(arguments: Engine.available) func `a removed one is forgotten when its time is over, a live one never`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let app = try await office.makeWeb().app
            let (removed, live) = (Self.certificate(1, of: app, at: office.start), Self.certificate(2, of: app, at: office.start))
            for certificate in [removed, live] { _ = try await Self.add(certificate, office).get() }
            let purge = { @Sendable (now: Timestamp) in try await office.db.write { try Self.certificates.purge(at: now, in: $0) } }
            try await office.db.write { tx in
                _ = try Self.certificates.remove(removed.thumbprint, of: app.id, by: Self.wanjiku, at: office.start, requestID: nil, in: tx)
            }

            #expect(try await purge(office.start + .days(90)) == 0)
            #expect(try await purge(office.start + .days(91)) == 1)

            #expect(try await office.db.read { try Self.certificates.find(removed.thumbprint, of: app.id, in: $0) } == nil)
            #expect(try await office.db.read { try Self.certificates.list(of: app.id, in: $0) } == [live])
        }
    }

    @Test(arguments: Engine.available) func `an app that is gone, and one that has enough`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let app = try await office.makeWeb().app
            for number in 1...10 { _ = try await Self.add(Self.certificate(UInt8(number), of: app, at: office.start), office).get() }
            #expect(try await Self.add(Self.certificate(11, of: app, at: office.start), office) == .failure(.tooMany))

            let (apps, start) = (office.apps, office.start)
            try await office.db.write { tx in _ = try apps.remove(app.id, by: Self.wanjiku, at: start, requestID: nil, in: tx) }
            #expect(try await Self.add(Self.certificate(12, of: app, at: office.start), office) == .failure(.noSuchApp))
        }
    }

    @Test(arguments: Engine.available) func `twenty at once, five rounds: the count holds`(engine: Engine) async throws {
        for _ in 1...5 {
            try await Office.open(engine) { office in
                let app = try await office.makeWeb().app

                let won = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 1...20 {
                        group.addTask {
                            if case .success = try await Self.add(Self.certificate(UInt8(number), of: app, at: office.start), office) { true } else { false }
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }

                #expect(won == AppCertificates.most)
            }
        }
    }

    @Test(arguments: Engine.available) func `adding and removing are audited and announced`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let app = try await office.makeWeb().app
            let before = try await office.changes().count
            let certificate = Self.certificate(1, of: app, at: office.start)
            _ = try await Self.add(certificate, office)
            try await office.db.write { tx in
                _ = try Self.certificates.remove(certificate.thumbprint, of: app.id, by: Self.wanjiku, at: office.start, requestID: nil, in: tx)
            }

            let (added, removed) = (try await office.audit(.certificateAdded), try await office.audit(.certificateRemoved))
            #expect(added.map(\.subject) == [app.id.rawValue] && removed.map(\.subject) == [app.id.rawValue])
            #expect(added.first?.after["x5t#S256"] == certificate.thumbprint.text && removed.first?.before["subject"] == "CN=1")
            #expect(try await office.changes().dropFirst(before) == ["app \(app.id)", "app \(app.id)"])
        }
    }

    @Test(arguments: Engine.available) func `the sandbox's authority is the same for every node, until the root key is given up`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let load = { @Sendable (rootKey: RootKey) in
                try await SandboxAuthority.load(database: office.db, rootKey: rootKey, randomness: SystemRandom(), at: office.start).authority.certificate
            }
            async let one = load(.test)
            async let two = load(.test)

            let first = try await one

            #expect(try await two == first)
            #expect(try await load(.test) == first)
            let renewed = try await load(RootKey.test.renewed(by: "x"))
            #expect(renewed != first)
            #expect(try await load(RootKey.test.renewed(by: "x")) == renewed)
        }
    }

    @Test(arguments: Engine.available) func `the sandbox's authority that was deleted is followed by another`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let load = { @Sendable in
                try await SandboxAuthority.load(database: office.db, rootKey: .test, randomness: SystemRandom(), at: office.start).authority.certificate
            }
            let first = try await load()

            // As docs/operations.md has it.
            _ = try await office.db.write { try $0.execute("DELETE FROM sandbox_authority") }

            let next = try await load()
            #expect(next != first)
            #expect(try await load() == next)
        }
    }
}
