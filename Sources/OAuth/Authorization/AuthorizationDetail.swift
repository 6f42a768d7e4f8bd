public import JSON
public import Primitives

/// What a lodged consent is for, as authorization details name it (RFC 9396 §2).
public enum AuthorizationDetailType: String, CaseIterable, Sendable, Codable {
    case accountAccess = "account_access"
    case payment

    /// By the API scopes that the token carries: a payment's scope comes from a payment consent alone.
    public init(of scope: ScopeSet) { self = scope.contains(.paymentsWrite) ? .payment : .accountAccess }
}

/// What the app asks for in detail (RFC 9396 §2): the consent that it lodged before.
public struct AuthorizationDetail: Hashable, Sendable, Codable {
    public let type: AuthorizationDetailType
    public let consentID: ConsentID

    public init(type: AuthorizationDetailType, consentID: ConsentID) {
        self.type = type
        self.consentID = consentID
    }

    /// The wire form, as the token answer repeats it (RFC 9396 §7).
    public var json: JSONObject { JSONObject([("type", .string(type.rawValue)), ("consent_id", .string(consentID.rawValue))]) }

    /// Reads `authorization_details`: one object of a known type with the members of that type and no other (RFC 9396 §5).
    public init?(_ parameters: RequestParameters) throws(OAuthError) {
        guard let text = parameters["authorization_details"] else { return nil }
        let form = "[{\"type\":\"account_access\",\"consent_id\":\"cns_...\"}]"
        guard case .array(let details)? = try? JSONValue(parsing: text, limits: .token(bytes: 8192)) else {
            throw .against(.authorizationDetails, "The authorization_details are not a JSON array of objects.", expected: form, received: .value(text))
        }
        guard details.count == 1, let object = details.first?.object else {
            throw .against(.authorizationDetails, "Exactly one authorization detail is understood per request.", expected: form, received: .value(text))
        }
        guard let type = object["type"]?.string.flatMap(AuthorizationDetailType.init) else {
            throw .against(.authorizationDetails, "The type of the authorization detail is not supported.", expected: form, received: .value(text))
        }
        guard object.members.count == 2, let id = object["consent_id"]?.string.flatMap(ConsentID.init) else {
            throw .against(
                .authorizationDetails, "An authorization detail of type \(type.rawValue) has a consent_id and no other member.", expected: form,
                received: .value(text))
        }
        self.init(type: type, consentID: id)
    }
}
