import JSON

/// Members of the registry that ask for what this server does not do. To leave them out in silence would let a client wait for what never comes, an
/// encrypted answer for example, so they are refused.
enum UnsupportedMember {
    private static let reasons: [(member: String, reason: String)] =
        [
            ("userinfo_signed_response_alg", "Userinfo is answered as JSON only: leave it out"),
            ("sector_identifier_uri", "Only the subject_type public is known, which needs no sector: leave it out"),
            ("initiate_login_uri", "Sign-in begins at the client, nobody is sent there: leave it out"),
            ("request_uris", "Request objects are not fetched: push the request (RFC 9126) and leave it out"),
            ("backchannel_token_delivery_mode", "Backchannel authentication is not known here: leave it out"),
        ] + encrypted.map { ($0, "Nothing is encrypted to or by a client here: leave it out") }

    private static let encrypted =
        ["id_token", "userinfo", "authorization", "introspection"].flatMap {
            ["\($0)_encrypted_response_alg", "\($0)_encrypted_response_enc"]
        } + ["request_object_encryption_alg", "request_object_encryption_enc"]

    static func refuse(in object: JSONObject) throws(ClientMetadataRefusal) {
        for (member, reason) in reasons {
            guard let value = object[member], value.array != [] else { continue }
            throw ClientMetadataRefusal(member, reason)
        }
    }
}
