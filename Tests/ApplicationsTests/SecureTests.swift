import Applications
import Events
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Apps · how they prove themselves")
struct SecureTests {
    private static let byCertificate: ClientMetadata = {
        var metadata = ClientMetadata()
        metadata.tlsSubject = TLSClientSubject(kind: .dns, value: "app.example.com")
        metadata.tlsClientCertificateBoundAccessTokens = true
        return metadata
    }()

    private static func secure(_ app: App, _ change: AppChange, in office: Office, after: Duration = .seconds(9)) async throws -> Result<
        (app: App, secret: Secret?), AppRefusal
    > {
        let (apps, start) = (office.apps, office.start)
        return try await office.db.write { try apps.secure(app.id, change, by: .person(Office.brian), at: start + after, requestID: nil, in: $0) }
    }

    @Test(arguments: Engine.available)
    func `secrets end when the app proves itself by a certificate, audited and announced`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, secret) = try await office.makeWeb()
            let before = try await office.changes().count

            let change = AppChange(profile: .fapi2, authenticationMethod: .tlsClientAuth, metadata: Self.byCertificate)
            let (after, none) = try await Self.secure(app, change, in: office).get()

            #expect(none == nil)
            #expect(after.profile == .fapi2 && after.authenticationMethod == .tlsClientAuth && after.metadata == Self.byCertificate)
            #expect(after.liveSecrets.isEmpty && after.secret(matching: secret.value) == nil)
            let updates = try await office.audit(.appUpdated)
            #expect(updates.first?.after["profile"] == "fapi2" && updates.first?.before["authentication_method"] == "client_secret_basic")
            #expect(try await office.audit(.secretRevoked).count == 1)
            #expect(try await office.changes().dropFirst(before).contains("app \(app.id)"))
        }
    }

    @Test(arguments: Engine.available)
    func `an app that goes back to a secret gets a new one, and the old ones stay dead`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, old) = try await office.makeWeb()
            _ = try await Self.secure(app, AppChange(authenticationMethod: .tlsClientAuth, metadata: Self.byCertificate), in: office).get()

            let (after, made) = try await Self.secure(
                app, AppChange(authenticationMethod: .clientSecretPost, metadata: ClientMetadata()), in: office, after: .minutes(1)
            ).get()

            let new = try #require(made)
            #expect(after.liveSecrets.count == 1 && after.secret(matching: new.value) != nil)
            #expect(after.secret(matching: old.value) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `from one way of sending the secret to the other it stays`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, secret) = try await office.makeWeb()

            let (after, made) = try await Self.secure(app, AppChange(authenticationMethod: .clientSecretPost), in: office).get()

            #expect(made == nil && after.secret(matching: secret.value) != nil)
        }
    }

    @Test(arguments: Engine.available)
    func `what contradicts itself changes nothing, secrets included`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, secret) = try await office.makeWeb()
            let entries = try await office.audit(.appUpdated).count

            for change in [
                AppChange(profile: .fapi2), AppChange(authenticationMethod: .privateKeyJWT), AppChange(authenticationMethod: .tlsClientAuth),
                AppChange(authenticationMethod: ClientAuthenticationMethod.none), AppChange(profile: .fapi2, authenticationMethod: .selfSignedTLSClientAuth),
            ] {
                #expect(try await Self.secure(app, change, in: office).refusal != nil)
            }

            let after = try await office.db.read { try office.apps.find(app.id, in: $0) }
            #expect(fields(after) == fields(app) && after?.secret(matching: secret.value) != nil)
            #expect(try await office.audit(.appUpdated).count == entries)
        }
    }

    @Test func `every contradiction is told, each with its subject`() {
        var metadata = ClientMetadata()
        metadata.tlsSubject = TLSClientSubject(kind: .ip, value: "no address")

        let found = SecurityContradiction.all(profile: .fapi2MessageSigning, method: .clientSecretBasic, metadata: metadata, usesBrowser: true)

        #expect(found.map(\.subject) == [.method, .certificateSubject, .keys, .binding])
        #expect(SecurityContradiction.all(profile: .oauth21, method: .clientSecretBasic, metadata: ClientMetadata(), usesBrowser: true).isEmpty)
    }
}
