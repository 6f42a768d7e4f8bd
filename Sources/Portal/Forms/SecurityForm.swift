import Applications
import JOSE
import JSON
import OAuth
import Pages
import Web

/// How an app proves itself and what it is held to, as the form was sent. Members of its metadata that the form does not show stay as they are.
struct SecurityForm: Sendable {
    var profile: SecurityProfile?
    /// `nil` where nothing, or nothing known, was chosen.
    var method: ClientAuthenticationMethod?
    var keys = "", keysAddress = "", subjectKind = TLSClientSubject.Kind.subjectDN.rawValue, subject = ""
    var bindings: Set<String> = []
    var requests: Set<String> = []
    /// By the member of the metadata; empty for what the profile says.
    var algorithms: [String: String] = [:]

    /// The questions of which several boxes may be ticked.
    static let lists: Set<String> = ["binding", "requests"]
    static let bindingMembers = ["dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"]
    static let requestMembers = ["require_pushed_authorization_requests", "require_signed_request_object"]
    static let algorithmMembers = ["id_token_signed_response_alg", "token_endpoint_auth_signing_alg", "request_object_signing_alg"]

    init(_ app: App) {
        let metadata = app.metadata
        profile = app.profile
        method = app.authenticationMethod
        keys = metadata.jwks?.text ?? ""
        keysAddress = metadata.jwksURI ?? ""
        if let subject = metadata.tlsSubject { (subjectKind, self.subject) = (subject.kind.rawValue, subject.value) }
        let members = metadata.json
        bindings = Set(Self.bindingMembers.filter { members[$0]?.boolean == true })
        requests = Set(Self.requestMembers.filter { members[$0]?.boolean == true })
        for name in Self.algorithmMembers { algorithms[name] = members[name]?.string }
    }

    /// - Parameter app: a public one has no choice of methods.
    init(_ form: Web.Parameters, for app: App) {
        profile = form["profile"].flatMap(SecurityProfile.init(rawValue:))
        method = app.isPublic ? ClientAuthenticationMethod.none : form["auth_method"].flatMap(ClientAuthenticationMethod.init(rawValue:))
        keys = (form["jwks"] ?? "").trimmingWhitespace()
        keysAddress = (form["jwks_uri"] ?? "").trimmingWhitespace()
        subjectKind = form["tls_subject_kind"] ?? subjectKind
        subject = (form["tls_subject"] ?? "").trimmingWhitespace()
        bindings = Set(form.all("binding"))
        requests = Set(form.all("requests"))
        for name in Self.algorithmMembers { algorithms[name] = form[name].flatMap { $0.isEmpty ? nil : $0 } }
    }

    enum Reading {
        case sound(AppChange)
        case mistakes(FormErrors)
    }

    /// What is to be written, by the rules that every registration follows.
    func read(for app: App) -> Reading {
        var errors = FormErrors()
        if profile == nil { errors.add(field: "profile", "Choose the rules that the app follows") }
        if method == nil { errors.add(field: "auth_method", "Choose how the app proves itself") }
        var members = JSONObject(app.metadata.json.members.filter { !Self.shown.contains($0.name) }.map { ($0.name, $0.value) })
        if !keys.isEmpty {
            switch PastedKeys.read(keys, for: method) {
            case .set(let set): members.append("jwks", set)
            case .fault(let text): errors.add(field: "jwks", text)
            }
        }
        if !keysAddress.isEmpty { members.append("jwks_uri", .string(keysAddress)) }
        if !subject.isEmpty {
            let kind = TLSClientSubject.Kind(rawValue: subjectKind) ?? .subjectDN
            members.append(kind.rawValue, .string(subject))
        }
        for name in Self.bindingMembers where bindings.contains(name) { members.append(name, .boolean(true)) }
        for name in Self.requestMembers where requests.contains(name) { members.append(name, .boolean(true)) }
        for name in Self.algorithmMembers { members.append(name, algorithms[name]) }
        do {
            let metadata = try ClientMetadata(reading: members)
            guard let profile, let method else { return .mistakes(errors) }
            let found = SecurityContradiction.all(
                profile: profile, method: method, metadata: metadata, usesBrowser: app.grantTypes.contains(.authorizationCode))
            for contradiction in found { errors.add(field: contradiction.field, contradiction.text) }
            guard errors.isEmpty else { return .mistakes(errors) }
            return .sound(AppChange(profile: profile, authenticationMethod: method, metadata: metadata))
        } catch {
            errors.add(field: error.field, error.message)
            return .mistakes(errors)
        }
    }

    /// The members that the form shows.
    private static let shown = Set(
        ["jwks", "jwks_uri"] + TLSClientSubject.Kind.allCases.map(\.rawValue) + bindingMembers + requestMembers + algorithmMembers)
}

extension SecurityContradiction {
    /// The form's field that it is about.
    var field: String {
        switch subject {
        case .method: "auth_method"
        case .keys: "jwks"
        case .certificateSubject: "tls_subject"
        case .binding: "binding"
        case .algorithm(let member): member
        }
    }
}

extension ClientMetadataRefusal {
    fileprivate var field: String { member.hasPrefix("tls_client_auth_") ? "tls_subject" : member }
}
