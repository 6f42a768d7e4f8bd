package import JSON
package import Primitives

/// What the app asks for in detail (RFC 9396 §2): the consent that it lodged before.
package enum AuthorizationDetail: Hashable, Sendable, Codable {
    case accountAccess(ConsentID)

    /// The `type` values that are understood, for the metadata (RFC 9396 §10).
    package static let types = ["account_access"]

    package var consentID: ConsentID {
        switch self {
        case .accountAccess(let id): id
        }
    }

    /// The wire form, as the token answer repeats it (RFC 9396 §7).
    package var json: [(String, String)] {
        switch self {
        case .accountAccess(let id): [("type", "account_access"), ("consent_id", id.rawValue)]
        }
    }

    /// Reads `authorization_details`: one object of a known type with the members of that type and no other (RFC 9396 §5).
    package init?(_ parameters: RequestParameters) throws(OAuthError) {
        guard let text = parameters["authorization_details"] else { return nil }
        let form = "[{\"type\":\"account_access\",\"consent_id\":\"cns_...\"}]"
        guard case .array(let details)? = try? JSONValue(parsing: text, limits: .token(bytes: 8192)) else {
            throw .against(.authorizationDetails, "The authorization_details are not a JSON array of objects.", expected: form, received: .value(text))
        }
        guard details.count == 1, let object = details.first?.object else {
            throw .against(.authorizationDetails, "Exactly one authorization detail is understood per request.", expected: form, received: .value(text))
        }
        guard object["type"]?.string == "account_access" else {
            throw .against(.authorizationDetails, "The type of the authorization detail is not supported.", expected: form, received: .value(text))
        }
        guard object.members.count == 2, let id = object["consent_id"]?.string.flatMap(ConsentID.init) else {
            throw .against(
                .authorizationDetails, "An authorization detail of type account_access has a consent_id and no other member.", expected: form,
                received: .value(text))
        }
        self = .accountAccess(id)
    }
}
