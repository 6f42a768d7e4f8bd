import Applications
internal import HTTPTypes
import Hummingbird
import JOSE
import Metering
import OAuth
import Pages
import Primitives
import Storage
import Web

/// `/portal/apps/{id}`: its keys and addresses.
struct AppPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(developer, request, context) }
        }
    }

    struct SecretRow: Encodable {
        let id, hint, made, lastUsed: String
        let from: String?
        let canBeRevoked: Bool
    }

    struct Model: Encodable {
        let app: AppHead
        let created: String?
        let isHeld, mayConfirm: Bool
        let clientID, method, methodName, profile, profileName: String
        /// What the profile asks beyond OAuth 2.1, a sentence each.
        let rules: [String]
        let scopes: [String]
        let kind: String
        let purpose: String?
        let pages: [OwnPage]
        let keys: PublicKeys?
        let hasSecrets, hasAddresses, canAddSecret, hasTwoSecrets: Bool
        let olderInUse: OlderSecret?
        let secrets: [SecretRow]
        let redirectURIs: [String]
        let hasRedirectURIs: Bool
        let allowedNetworks: [String]
        let isLimited: Bool
        /// The reader's own address, when the app may not call from there.
        let readerElsewhere: String?
        let selfRegistration: SelfRegistration?
        let sample: Code?
        let lastStep: SampleStep?
        let once: String
    }

    /// A page of the app's own that customers may open.
    struct OwnPage: Encodable {
        let title, address: String
    }

    /// The app's own keys, or where it publishes them.
    struct PublicKeys: Encodable {
        let address: String?
        let rows: [KeyRow]
    }

    struct KeyRow: Encodable {
        let name, algorithms, thumbprint: String
    }

    /// The older of two secrets, when something still uses it.
    struct OlderSecret: Encodable {
        let hint, newerHint: String
        /// Quiet for a day: it can go.
        let isQuiet: Bool
    }

    private func show(_ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        let app = try await site.app(context, of: developer)
        let last = try await site.database.read { [site] tx in
            try site.records.list(ofOrganisation: app.organisationID, filter: .init(appID: app.id), limit: 1, in: tx).first
        }
        let live = app.liveSecrets
        let values = SampleValues(app: app, issuer: context.issuer, randomness: site.randomness, at: now)
        let query = request.query ?? Web.Parameters()
        let model = Model(
            app: AppHead(app, tab: "keys", lastCall: last?.receivedAt, at: now),
            created: query["created"] != nil
                ? "The app is created"
                : query["saved"] != nil
                    ? "The changes are saved"
                    : query["revoked"] != nil
                        ? "The secret is revoked"
                        : query["confirmed"] != nil ? "The app works again" : nil,
            isHeld: app.isHeld, mayConfirm: developer.isOwner,
            clientID: app.clientID.text, method: app.authenticationMethod.words, methodName: app.authenticationMethod.rawValue, profile: app.profile.title,
            profileName: app.profile.rawValue, rules: app.profile.rules.sentences,
            scopes: app.scopes.ordered.map(\.rawValue), kind: app.kind.title, purpose: app.purpose,
            pages: ClientMetadata.Page.opened.compactMap { page in app.metadata.pages[page].map { OwnPage(title: page.title, address: $0) } },
            keys: PublicKeys(app.metadata),
            hasSecrets: app.authenticationMethod.usesSecret, hasAddresses: app.isConfidential,
            canAddSecret: app.authenticationMethod.usesSecret && live.count < 2, hasTwoSecrets: live.count > 1, olderInUse: older(of: live, at: now),
            secrets: live.map { SecretRow($0, isOnly: live.count == 1, at: now) }, redirectURIs: app.redirectURIs.map(\.text),
            hasRedirectURIs: !app.redirectURIs.isEmpty, allowedNetworks: app.allowedNetworks.map(\.description), isLimited: !app.allowedNetworks.isEmpty,
            readerElsewhere: app.mayCall(from: context.client.ip) ? nil : context.client.text,
            selfRegistration: try await site.selfRegistration(of: app), sample: SampleLanguage.curl.steps(values).first?.code,
            lastStep: SampleLanguage.curl.steps(values).first,
            once: site.forms.make())
        return site.pages.page("portal/app", model, shell: developer.shell(app.name, current: "apps"))
    }

    private func older(of secrets: [AppSecret], at now: Timestamp) -> OlderSecret? {
        guard secrets.count == 2, let newer = secrets.first, let older = secrets.last else { return nil }
        let quietSince = older.lastUsedAt ?? older.createdAt
        return OlderSecret(hint: older.hint, newerHint: newer.hint, isQuiet: now - quietSince >= .days(1))
    }
}

extension AppPage.PublicKeys {
    /// - Returns: `nil` for an app without keys of its own.
    init?(_ metadata: ClientMetadata) {
        guard metadata.hasKeys else { return nil }
        address = metadata.jwksURI
        rows = (metadata.jwks?.keys ?? []).map { key in
            AppPage.KeyRow(
                name: key.keyID ?? "without kid", algorithms: (key.algorithm.map { [$0] } ?? key.key.algorithms).map(\.rawValue).joined(separator: ", "),
                thumbprint: key.key.thumbprint)
        }
    }
}

extension AppPage.SecretRow {
    init(_ secret: AppSecret, isOnly: Bool, at now: Timestamp) {
        id = secret.id.rawValue
        hint = secret.hint
        made = secret.createdAt.day
        lastUsed = secret.lastUsedAt?.ago(seenAt: now) ?? "Never"
        from = secret.lastUsedFrom
        canBeRevoked = !isOnly
    }
}

/// The head and the tabs that the pages of one app share.
struct AppHead: Encodable, Sendable {
    let id, name, environment, created: String
    let lastCall: String?
    let tabs: [Tab]

    struct Tab: Encodable, Sendable {
        let label, address: String
        let isCurrent: Bool
    }

    init(_ app: App, tab: String, lastCall: Timestamp? = nil, at now: Timestamp) {
        id = app.id.rawValue
        name = app.name
        environment = app.environment.title
        created = app.createdAt.day
        self.lastCall = lastCall.map { $0.ago(seenAt: now) }.map { $0.prefix(1).lowercased() + $0.dropFirst() }
        // Who keeps no secret keeps no certificate's key either.
        let certificates = app.isConfidential ? [("certificates", "Certificates", "/certificates")] : []
        tabs =
            ([("keys", "Keys and addresses", "")] + certificates + [
                ("requests", "Requests", "/requests"), ("payments", "Payments", "/payments"), ("samples", "Code samples", "/samples"),
            ]).map {
                key, label, path in
                Tab(label: label, address: "/portal/apps/\(app.id)\(path)", isCurrent: key == tab)
            }
    }
}

extension PortalSite {
    /// The app that the address names, when it is the organisation's and not removed.
    func app(_ context: AppContext, of developer: Developer) async throws -> App {
        guard let id = context.parameters.get("id").flatMap({ AppID($0) }),
            let app = try await database.read({ [apps] tx in try apps.find(id, in: tx) }),
            app.organisationID == developer.organisation.id, !app.isRemoved
        else { throw PortalRefusal.notFound }
        return app
    }
}

extension ClientAuthenticationMethod {
    /// How an app proves itself, in words.
    var words: String {
        switch self {
        case .clientSecretBasic: "Client secret, in the request’s header"
        case .clientSecretPost: "Client secret, in the request’s body"
        case .privateKeyJWT: "A JWT that it signs with its own key"
        case .tlsClientAuth: "A certificate of a known authority, for its registered subject"
        case .selfSignedTLSClientAuth: "A certificate that it registered"
        case .none: "Nothing: it cannot keep a secret. PKCE protects its codes."
        }
    }
}
