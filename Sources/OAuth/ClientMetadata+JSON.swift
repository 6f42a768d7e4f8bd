import JOSE
public import JSON

extension ClientMetadata {
    /// Reads the members that are known; others are ignored (RFC 7591 §2).
    public init(reading object: JSONObject) throws(ClientMetadataRefusal) {
        try readKeys(object)
        tokenEndpointAuthSigningAlgorithm = try Self.algorithm("token_endpoint_auth_signing_alg", in: object)
        requestObjectSigningAlgorithm = try Self.algorithm("request_object_signing_alg", in: object)
        idTokenSignedResponseAlgorithm = try Self.algorithm("id_token_signed_response_alg", in: object)
        authorizationSignedResponseAlgorithm = try Self.algorithm("authorization_signed_response_alg", in: object)
        introspectionSignedResponseAlgorithm = try Self.algorithm("introspection_signed_response_alg", in: object)
        dpopBoundAccessTokens = try Self.flag("dpop_bound_access_tokens", in: object)
        tlsClientCertificateBoundAccessTokens = try Self.flag("tls_client_certificate_bound_access_tokens", in: object)
        requiresPushedAuthorizationRequests = try Self.flag("require_pushed_authorization_requests", in: object)
        requiresSignedRequestObject = try Self.flag("require_signed_request_object", in: object)
        defaultMaxAge = try Self.defaultMaxAge(in: object)
        defaultACRValues = try Self.texts("default_acr_values", in: object)
        for page in Page.allCases { pages[page] = try Self.address(page.rawValue, in: object) }
        translations = try Self.translations(in: object)
        contacts = try Self.texts("contacts", in: object)
        softwareID = try Self.text("software_id", in: object)
        softwareVersion = try Self.text("software_version", in: object)
    }

    /// The members that say something, in the registry's names: what is kept and what a registration answers.
    public var json: JSONObject {
        var members = JSONObject()
        if let jwks { members.append("jwks", .object(jwks.object)) }
        members.append("jwks_uri", jwksURI)
        if let tlsSubject { members.append(tlsSubject.kind.rawValue, .string(tlsSubject.value)) }
        members.append("token_endpoint_auth_signing_alg", tokenEndpointAuthSigningAlgorithm?.rawValue)
        members.append("request_object_signing_alg", requestObjectSigningAlgorithm?.rawValue)
        members.append("id_token_signed_response_alg", idTokenSignedResponseAlgorithm?.rawValue)
        members.append("authorization_signed_response_alg", authorizationSignedResponseAlgorithm?.rawValue)
        members.append("introspection_signed_response_alg", introspectionSignedResponseAlgorithm?.rawValue)
        if dpopBoundAccessTokens { members.append("dpop_bound_access_tokens", .boolean(true)) }
        if tlsClientCertificateBoundAccessTokens { members.append("tls_client_certificate_bound_access_tokens", .boolean(true)) }
        if requiresPushedAuthorizationRequests { members.append("require_pushed_authorization_requests", .boolean(true)) }
        if requiresSignedRequestObject { members.append("require_signed_request_object", .boolean(true)) }
        members.append("default_max_age", seconds: defaultMaxAge.map(Int64.init))
        if !defaultACRValues.isEmpty { members.append("default_acr_values", .array(defaultACRValues.map(JSONValue.string))) }
        for page in Page.allCases { members.append(page.rawValue, pages[page]) }
        for (name, text) in translations.sorted(by: { $0.key < $1.key }) { members.append(name, .string(text)) }
        if !contacts.isEmpty { members.append("contacts", .array(contacts.map(JSONValue.string))) }
        members.append("software_id", softwareID)
        members.append("software_version", softwareVersion)
        return members
    }

    private mutating func readKeys(_ object: JSONObject) throws(ClientMetadataRefusal) {
        if let value = object["jwks"] {
            do { jwks = try JWKSet(registering: value) } catch { throw ClientMetadataRefusal("jwks", error.message) }
        }
        jwksURI = try Self.address("jwks_uri", in: object)
        guard jwks == nil || jwksURI == nil else { throw ClientMetadataRefusal("jwks_uri", "Send jwks or jwks_uri, not both") }
        for kind in TLSClientSubject.Kind.allCases {
            guard let value = try Self.text(kind.rawValue, in: object, longest: 1000) else { continue }
            guard tlsSubject == nil else { throw ClientMetadataRefusal(kind.rawValue, "Send one of the tls_client_auth members") }
            tlsSubject = TLSClientSubject(kind: kind, value: value)
        }
    }

    private static func algorithm(_ name: String, in object: JSONObject) throws(ClientMetadataRefusal) -> SignatureAlgorithm? {
        guard let text = try text(name, in: object) else { return nil }
        guard let algorithm = SignatureAlgorithm(rawValue: text) else {
            throw ClientMetadataRefusal(name, "Use \(SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return algorithm
    }

    private static func flag(_ name: String, in object: JSONObject) throws(ClientMetadataRefusal) -> Bool {
        guard let value = object[name] else { return false }
        guard let flag = value.boolean else { throw ClientMetadataRefusal(name, "Use true or false") }
        return flag
    }

    private static func defaultMaxAge(in object: JSONObject) throws(ClientMetadataRefusal) -> Int? {
        guard let value = object["default_max_age"] else { return nil }
        guard let seconds = value.integer, seconds >= 0 else { throw ClientMetadataRefusal("default_max_age", "Use a number of seconds") }
        return Int(seconds)
    }

    static func text(_ name: String, in object: JSONObject, longest: Int = 200) throws(ClientMetadataRefusal) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string, !text.isEmpty, text.utf8.count <= longest else {
            throw ClientMetadataRefusal(name, "Use a text of 1 to \(longest) bytes")
        }
        return text
    }

    static func texts(_ name: String, in object: JSONObject) throws(ClientMetadataRefusal) -> [String] {
        guard let value = object[name] else { return [] }
        guard let values = value.array, values.count <= 20 else { throw ClientMetadataRefusal(name, "Use a list of at most 20 texts") }
        var texts: [String] = []
        for value in values {
            guard let text = value.string, !text.isEmpty, text.utf8.count <= 200 else {
                throw ClientMetadataRefusal(name, "Use a list of texts of 1 to 200 bytes")
            }
            texts.append(text)
        }
        return texts
    }

    /// Why an address cannot be that of a page.
    public static func refusal(of address: String, as page: Page) -> ClientMetadataRefusal? {
        do throws(ClientMetadataRefusal) {
            _ = try Self.address(page.rawValue, in: JSONObject([(page.rawValue, .string(address))]))
            return nil
        } catch {
            return error
        }
    }

    /// An absolute web address, `https` or on this machine: the same rules as a redirect URI's.
    static func address(_ name: String, in object: JSONObject) throws(ClientMetadataRefusal) -> String? {
        guard let text = try text(name, in: object, longest: 2000) else { return nil }
        switch RedirectURI.register(text) {
        case .success(let uri) where uri.scheme == "https" || uri.scheme == "http": return uri.text
        case .success: throw ClientMetadataRefusal(name, "Begin with https://")
        case .failure(let refusal): throw ClientMetadataRefusal(name, refusal.message)
        }
    }
}
