public import JSON

/// What a client asks to be registered as (RFC 7591 §2, OpenID Connect Registration §2), each member read once. A member that is null counts as left out
/// (RFC 7592 §2.2), one that is not known is not looked at.
public struct ClientRegistration: Hashable, Sendable {
    public let redirectURIs: [RedirectURI]
    public let authenticationMethod: ClientAuthenticationMethod
    public let grantTypes: Set<GrantType>
    /// `nil`: the client goes by its `client_id`.
    public let name: String?
    /// `nil`: those that suit its grant types.
    public let scopes: ScopeSet?
    /// `application_type`
    public let isNative: Bool
    public let metadata: ClientMetadata

    /// - Parameter methods: the ways of client authentication that work on this server.
    public init(reading request: JSONObject, methods: [ClientAuthenticationMethod]) throws(ClientMetadataRefusal) {
        let object = JSONObject(request.members.filter { $0.value != .null }.map { ($0.name, $0.value) })
        try UnsupportedMember.refuse(in: object)
        metadata = try ClientMetadata(reading: object)
        name = try ClientMetadata.name("client_name", in: object) ?? metadata.translations["client_name#en"]
        isNative = try Self.choice("application_type", of: ["web", "native"], in: object) == "native"
        _ = try Self.choice("subject_type", of: ["public"], in: object)
        redirectURIs = try Self.redirectURIs(in: object, isNative: isNative)
        authenticationMethod = try Self.method(in: object, among: methods)
        grantTypes = try Self.grantTypes(in: object)
        try Self.checkResponseTypes(in: object, grantTypes: grantTypes)
        scopes = try Self.scopes(in: object)
    }

    /// OpenID Connect Registration §2: a scheme of its own is a native app's.
    private static func redirectURIs(in object: JSONObject, isNative: Bool) throws(ClientMetadataRefusal) -> [RedirectURI] {
        guard let value = object["redirect_uris"] else { return [] }
        guard let values = value.array else { throw ClientMetadataRefusal("redirect_uris", "Use a list of addresses") }
        var uris: [RedirectURI] = []
        for value in values {
            guard let text = value.string else { throw ClientMetadataRefusal("redirect_uris", "Use a list of addresses, each a text", part: value.text) }
            switch RedirectURI.register(text) {
            case .success(let uri) where isNative || uri.scheme == "https" || uri.scheme == "http": uris.append(uri)
            case .success: throw ClientMetadataRefusal("redirect_uris", "A scheme of its own needs the application_type native", part: text)
            case .failure(let refusal): throw ClientMetadataRefusal("redirect_uris", refusal.message, part: text)
            }
        }
        return uris
    }

    private static func method(
        in object: JSONObject, among methods: [ClientAuthenticationMethod]
    ) throws(ClientMetadataRefusal) -> ClientAuthenticationMethod {
        let member = "token_endpoint_auth_method"
        guard let name = try choice(member, of: methods.map(\.rawValue), in: object) else { return .clientSecretBasic }
        guard let method = ClientAuthenticationMethod(rawValue: name) else { throw ClientMetadataRefusal(member, "It is not known here") }
        return method
    }

    /// RFC 7591 §2: left out, `authorization_code`.
    private static func grantTypes(in object: JSONObject) throws(ClientMetadataRefusal) -> Set<GrantType> {
        let member = "grant_types"
        guard object[member] != nil else { return [.authorizationCode] }
        var types = Set<GrantType>()
        for name in try ClientMetadata.texts(member, in: object) {
            guard let type = GrantType(rawValue: name) else { throw unknown(member, GrantType.allCases.map(\.rawValue), name) }
            types.insert(type)
        }
        return types
    }

    /// RFC 7591 §2.1: response and grant types say the same.
    private static func checkResponseTypes(in object: JSONObject, grantTypes: Set<GrantType>) throws(ClientMetadataRefusal) {
        let member = "response_types"
        guard object[member] != nil else { return }
        let names = try ClientMetadata.texts(member, in: object)
        if let name = names.first(where: { ResponseType(rawValue: $0) == nil }) { throw unknown(member, ResponseType.allCases.map(\.rawValue), name) }
        guard names.isEmpty != grantTypes.contains(.authorizationCode) else {
            throw ClientMetadataRefusal(member, "The response type code and the grant type authorization_code go together")
        }
    }

    private static func scopes(in object: JSONObject) throws(ClientMetadataRefusal) -> ScopeSet? {
        guard let value = object["scope"] else { return nil }
        guard let text = value.string else { throw ClientMetadataRefusal("scope", "Use one text with spaces between the scopes") }
        guard let scopes = ScopeSet(text) else {
            throw ClientMetadataRefusal("scope", "Use scopes of \(ScopeSet(Scope.allCases).text)")
        }
        guard !scopes.isEmpty else { throw ClientMetadataRefusal("scope", "Name at least one scope, or leave the member out") }
        return scopes
    }

    private static func choice(_ member: String, of names: [String], in object: JSONObject) throws(ClientMetadataRefusal) -> String? {
        guard let name = try ClientMetadata.text(member, in: object) else { return nil }
        guard names.contains(name) else { throw unknown(member, names, name) }
        return name
    }

    private static func unknown(_ member: String, _ names: [String], _ name: String) -> ClientMetadataRefusal {
        ClientMetadataRefusal(member, names.count == 1 ? "Use \(names[0])" : "Use \(names.joined(separator: ", "))", part: name)
    }
}
