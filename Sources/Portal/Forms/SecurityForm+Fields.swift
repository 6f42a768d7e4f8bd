import Applications
import JOSE
import OAuth
import Pages

extension SecurityForm {
    func profileChoices(_ errors: FormErrors) -> Choices {
        Choices(
            "profile", "Which rules does it follow?",
            options: SecurityProfile.allCases.map { profile in
                let rules = profile.rules.sentences
                return (profile.rawValue, profile.title, rules.isEmpty ? "PKCE always; everything else as the app asks." : rules.joined(separator: " "))
            }, chosen: Set([profile?.rawValue].compactMap(\.self)), errors: errors)
    }

    func methodChoices(of app: App, _ errors: FormErrors) -> Choices {
        Choices(
            "auth_method", "How does it prove itself?",
            options: ClientAuthenticationMethod.allCases.filter { $0 != .none }.map { ($0.rawValue, $0.words, $0.consequence(for: app)) },
            chosen: Set([method?.rawValue].compactMap(\.self)), errors: errors)
    }

    func keysField(_ errors: FormErrors) -> Field {
        .textarea(
            "jwks", "Public keys (JWK set)", value: keys,
            hint:
                "What it signs assertions and requests with. Paste only the public parts; we never need the private ones. Leave it empty when you give an address.",
            errors: errors, rows: 8, isVerbatim: true)
    }

    func keysAddressField(_ errors: FormErrors) -> Field {
        .text(
            "jwks_uri", "Or the address of its public keys", value: keysAddress, hint: "Begins with https://. We read it once a minute at most.",
            errors: errors,
            autocomplete: "off", type: "url")
    }

    func subjectKindField(_ errors: FormErrors) -> Field {
        .select(
            "tls_subject_kind", "What names the app in its certificate",
            options: TLSClientSubject.Kind.allCases.map { Field.Option(value: $0.rawValue, label: $0.words, isSelected: $0.rawValue == subjectKind) },
            errors: errors)
    }

    func subjectField(_ errors: FormErrors) -> Field {
        .text(
            "tls_subject", "That name", value: subject, hint: "Such as CN=acme,O=Acme,C=KE, or app.example.com. For tls_client_auth only.", errors: errors,
            autocomplete: "off")
    }

    func bindingChoices(of app: App, _ errors: FormErrors) -> Choices {
        var options: [(value: String, label: String, detail: String?)] = [
            (Self.bindingMembers[0], "To a DPoP key", "Every token request carries a proof (RFC 9449).")
        ]
        if app.isConfidential || bindings.contains(Self.bindingMembers[1]) {
            options.append((Self.bindingMembers[1], "To its certificate", "Every token request comes over mutual TLS (RFC 8705)."))
        }
        return Choices("binding", "What are its access tokens bound to?", several: true, options: options, chosen: bindings, errors: errors)
    }

    func requestChoices(_ errors: FormErrors) -> Choices {
        Choices(
            "requests", "What do we insist on, beyond the profile?", several: true,
            options: [
                (Self.requestMembers[0], "Pushed authorization requests", "Others are refused (RFC 9126)."),
                (Self.requestMembers[1], "Signed authorization requests", "Others are refused (RFC 9101). Needs public keys."),
            ], chosen: requests, errors: errors)
    }

    func algorithmFields(_ errors: FormErrors) -> [Field] {
        zip(Self.algorithmMembers, ["ID tokens are signed with", "It signs client assertions with", "It signs requests with"]).map { name, label in
            let none = name == Self.algorithmMembers[0] ? "What the profile says" : "Any that the profile allows"
            let options = SignatureAlgorithm.allCases.map { Field.Option(value: $0.rawValue, label: $0.rawValue, isSelected: $0.rawValue == algorithms[name]) }
            return .select(name, label, options: [Field.Option(value: "", label: none, isSelected: algorithms[name] == nil)] + options, errors: errors)
        }
    }
}

extension ClientAuthenticationMethod {
    /// What choosing it means for this app.
    fileprivate func consequence(for app: App) -> String? {
        switch self {
        case _ where usesSecret && !app.authenticationMethod.usesSecret: "A new secret is made and shown once."
        case .clientSecretBasic, .clientSecretPost: nil
        case .privateKeyJWT: "Needs public keys, below.\(app.endingSecrets)"
        case .tlsClientAuth: "Needs the certificate’s name, below.\(app.endingSecrets)"
        case .selfSignedTLSClientAuth: "Needs a certificate on the certificates page.\(app.endingSecrets)"
        case .none: nil
        }
    }
}

extension App {
    fileprivate var endingSecrets: String { liveSecrets.isEmpty ? "" : " Its secrets stop working within a second." }
}

extension TLSClientSubject.Kind {
    fileprivate var words: String {
        switch self {
        case .subjectDN: "Its subject (a distinguished name)"
        case .dns: "A DNS name"
        case .uri: "A URI"
        case .ip: "An IP address"
        case .email: "An email address"
        }
    }
}
