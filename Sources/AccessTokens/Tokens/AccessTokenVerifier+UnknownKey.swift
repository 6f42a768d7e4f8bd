internal import JOSE
public import Primitives

extension AccessTokenVerifier {
    /// Verifies a token; before one is refused whose key this process has never heard of, the keys are read anew.
    /// - Throws: storage failures of that reading.
    public func verified(_ token: String, at now: Timestamp) async throws -> Result<AccessTokenClaims, TokenRefusal> {
        if let atOnce = verifiedAtOnce(token, at: now) { return atOnce }
        try await keys.lookForUnknownKey()
        return verify(token, at: now)
    }

    /// - Returns: `nil` where the keys have to be read first.
    public func verifiedAtOnce(_ token: String, at now: Timestamp) -> Result<AccessTokenClaims, TokenRefusal>? {
        let result = verify(token, at: now)
        guard case .failure(.badSignature) = result, let id = (try? UnverifiedJWS(parsing: token))?.keyID.flatMap(KeyID.init), keys.everKnownKey(id) == nil
        else { return result }
        return nil
    }
}
