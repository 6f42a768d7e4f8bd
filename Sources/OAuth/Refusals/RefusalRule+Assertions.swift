extension ClientAssertion.Refusal {
    /// The rule of RFC 7523 §3 that the assertion breaks.
    public var rule: RefusalRule {
        switch self {
        case .malformed:
            of("malformed", "The client assertion is a signed JWT", "RFC 7523 §3", nil, "Send the compact form: three parts with dots between them.")
        case .wrongType:
            of("type", "The client assertion is a JWT of no other kind", "RFC 8725 §3.11", "typ", "Leave typ out, or write JWT or client-authentication+jwt.")
        case .algorithm:
            of(
                "algorithm", "The client assertion is signed with an algorithm that the app may use", "RFC 7523 §3, FAPI 2.0 §5.4", "alg",
                "Take an algorithm that the app’s profile and its registration allow.")
        case .noKey:
            of(
                "key", "A key of the app has the kid and suits the algorithm", "RFC 7515 §4.1.4", "kid",
                "Compare the kid with those on the app’s page. Publish a new key before you sign with it.")
        case .signature:
            of(
                "signature", "The signature of the client assertion is the app’s", "RFC 7523 §3", nil,
                "Sign with the private part of the key that is registered under this kid.")
        case .issuer: of("issuer", "The iss of the client assertion is the client_id", "RFC 7523 §3", "iss", "Write the client_id into iss.")
        case .subject: of("subject", "The sub of the client assertion is the client_id", "RFC 7523 §3", "sub", "Write the client_id into sub.")
        case .audience:
            of(
                "audience", "The aud of the client assertion is this server", "RFC 7523 §3, FAPI 2.0 §5.3.2.1", "aud",
                "Write our issuer into aud, as a string. Many libraries write the token endpoint: look for their setting.")
        case .missingExpiry: of("exp", "The client assertion has an exp", "RFC 7523 §3", "exp", "Let it expire a minute from now.")
        case .malformedDate:
            of("dates", "exp, nbf and iat are numbers of seconds", "RFC 7519 §4.1", "exp, nbf, iat", "Write seconds since 1970, not milliseconds and no text.")
        case .expired:
            of("expired", "The client assertion has not expired", "RFC 7523 §3", "exp", "Make an assertion for each request, and look at your clock.")
        case .expiresTooLate: of("too_long", "The client assertion expires within an hour", "RFC 7523 §3", "exp", "Let it expire a minute from now.")
        case .notYetValid:
            of(
                "not_yet", "The nbf and iat of the client assertion do not lie in the future", "RFC 7523 §3, FAPI 2.0 §5.3.2.1", "nbf, iat",
                "Look at your clock: it may run 30 seconds ahead of ours, no more.")
        case .missingTokenID: of("jti", "The client assertion has a jti of 1 to 255 bytes", "RFC 7523 §3", "jti", "Write a random text into jti.")
        case .replayed:
            of(
                "once", "The client assertion is used once", "RFC 7523 §3", "jti",
                "Make an assertion with a jti of its own for each request, for each retry too.")
        case .tooOldToTell:
            of("too_old", "The client assertion is young enough to tell whether it was used", "RFC 7523 §3", "iat", "Make an assertion for each request.")
        }
    }

    private func of(_ name: String, _ statement: String, _ clause: String, _ claim: String?, _ advice: String) -> RefusalRule {
        RefusalRule(
            "assertion_\(name)", .invalidClient, statement, clause, parameter: claim.map { "\($0) of client_assertion" } ?? "client_assertion", advice: advice)
    }
}

extension RequestObject.Refusal {
    /// The rule of RFC 9101 §6 that the request object breaks.
    public var rule: RefusalRule {
        switch self {
        case .malformed:
            of(
                "malformed", "The request object is a signed JWT of at most 32 kB", "RFC 9101 §4", nil,
                "Send the compact form: three parts with dots between them.")
        case .wrongType: of("type", "The request object is a JWT of no other kind", "RFC 9101 §10.8", "typ", "Write oauth-authz-req+jwt into typ.")
        case .algorithm:
            of(
                "algorithm", "The request object is signed with an algorithm that the app may use", "RFC 9101 §6.2", "alg",
                "Take an algorithm that the app’s profile and its registration allow. The algorithm none is no signature.")
        case .noKey:
            of("key", "A key of the app has the kid and suits the algorithm", "RFC 7515 §4.1.4", "kid", "Compare the kid with those on the app’s page.")
        case .signature:
            of(
                "signature", "The signature of the request object is the app’s", "RFC 9101 §6.2", nil,
                "Sign with the private part of the key that is registered under this kid.")
        case .issuer: of("issuer", "The iss of the request object is the client_id", "RFC 9101 §4", "iss", "Write the client_id into iss.")
        case .audience: of("audience", "The aud of the request object is our issuer", "RFC 9101 §4", "aud", "Write our issuer into aud.")
        case .clientID:
            of(
                "client_id", "The client_id of the request object is the one of the request", "RFC 9101 §6.3", "client_id",
                "Write the same client_id into both.")
        case .nested: of("nested", "A request object holds no other one", "RFC 9101 §4", "request", "Put the parameters themselves into the request object.")
        case .malformedDate:
            of("dates", "exp, nbf and iat are numbers of seconds", "RFC 7519 §4.1", "exp, nbf, iat", "Write seconds since 1970, not milliseconds and no text.")
        case .expired:
            of("expired", "The request object has not expired", "RFC 7519 §4.1.4", "exp", "Make a request object for each request, and look at your clock.")
        case .notYetValid:
            of(
                "not_yet", "The nbf and iat of the request object do not lie in the future", "RFC 7519 §4.1.5", "nbf, iat",
                "Look at your clock: it may run 30 seconds ahead of ours, no more.")
        case .missingExpiry: of("exp", "The request object has an exp", "FAPI 2.0 Message Signing §5.3.1", "exp", "Let it expire within an hour of nbf.")
        case .missingNotBefore: of("nbf", "The request object has an nbf", "FAPI 2.0 Message Signing §5.3.1", "nbf", "Write the present time into nbf.")
        case .lifetime: of("too_long", "exp lies at most an hour after nbf", "FAPI 2.0 Message Signing §5.3.1", "exp", "Let it expire within an hour of nbf.")
        case .notBeforeTooOld: of("nbf_old", "nbf is at most an hour old", "FAPI 2.0 Message Signing §5.3.1", "nbf", "Make a request object for each request.")
        case .member:
            of("member", "Every member is a parameter’s value", "RFC 9101 §4", nil, "Write texts, numbers, or the JSON that a parameter has; leave null out.")
        }
    }

    private func of(_ name: String, _ statement: String, _ clause: String, _ claim: String?, _ advice: String) -> RefusalRule {
        RefusalRule("object_\(name)", .invalidRequestObject, statement, clause, parameter: claim.map { "\($0) of request" } ?? "request", advice: advice)
    }
}

extension DPoPProof.Refusal {
    /// The rule of RFC 9449 §4.3 that the proof breaks.
    public var rule: RefusalRule {
        switch self {
        case .severalProofs:
            of("single", "A request carries one DPoP header", "§4.3 step 1", nil, "Send one proof. Look for a proxy or a library that adds one of its own.")
        case .malformed: of("malformed", "The proof is a signed JWT", "§4.3 step 2", nil, "Send the compact form: three parts with dots between them.")
        case .wrongType: of("type", "The typ of the proof is dpop+jwt", "§4.3 step 4", "typ", "Write dpop+jwt into typ.")
        case .algorithm:
            of(
                "algorithm", "The proof is signed with an asymmetric algorithm that we support", "§4.3 step 5", "alg",
                "Take one of dpop_signing_alg_values_supported.")
        case .missingKey: of("jwk", "The header of the proof has the public key", "§4.2", "jwk", "Write the public key into jwk.")
        case .unsuitableKey:
            of(
                "jwk_suits", "The jwk is a public key for the proof’s algorithm", "§4.3 step 7", "jwk",
                "Leave the private members out, and sign with this key’s algorithm.")
        case .signature: of("signature", "The proof is signed by the key in it", "§4.3 step 6", nil, "Sign with the private part of the key in jwk.")
        case .missingTokenID: of("jti", "The proof has a jti of 1 to 255 bytes", "§4.2", "jti", "Write a random text into jti.")
        case .method: of("htm", "The htm of the proof is the method of the request", "§4.3 step 8", "htm", "Write the method in capitals, such as POST.")
        case .address:
            of(
                "htu", "The htu of the proof is the address of the request", "§4.3 step 9", "htu",
                "Write the address that is called, without query. Behind another host name write that one.")
        case .missingTime: of("iat", "The proof has an iat, a number of seconds", "§4.2", "iat", "Write seconds since 1970, not milliseconds.")
        case .accessToken:
            of(
                "ath", "The ath of the proof is the digest of the access token", "§4.3 step 12", "ath",
                "Write the base64url SHA-256 of the access token as it is sent.")
        case .replayed: of("once", "The proof is used once", "§11.1", "jti", "Make a proof with a jti of its own for each request, for each retry too.")
        case .nonceNeeded:
            of(
                "nonce", "The proof is fresh by its iat, or carries a nonce of ours", "§8, §11.1", "iat, nonce",
                "Make the proof again with the nonce of DPoP-Nonce, and look at your clock.")
        }
    }

    private func of(_ name: String, _ statement: String, _ section: String, _ claim: String?, _ advice: String) -> RefusalRule {
        RefusalRule(
            "dpop_\(name)", self == .nonceNeeded ? .useDPoPNonce : .invalidDPoPProof, statement, "RFC 9449 \(section)",
            parameter: claim.map { "\($0) of DPoP" } ?? "DPoP", advice: advice)
    }
}
