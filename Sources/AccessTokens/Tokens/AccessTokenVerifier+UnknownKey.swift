internal import JOSE
public import Primitives

extension AccessTokenVerifier {
    /// Verifies a token; before one is refused whose key this process has never heard of, the keys are read anew.
    /// - Throws: storage failures of that reading.
    public func verified(_ token: String, at now: Timestamp) async throws -> Result<AccessTokenClaims, TokenRefusal> {
        let first = verify(token, at: now)
        guard case .failure(.badSignature) = first, let id = (try? UnverifiedJWS(parsing: token))?.keyID.flatMap(KeyID.init), keys.everKnownKey(id) == nil
        else { return first }
        try await keys.lookForUnknownKey()
        return verify(token, at: now)
    }
}
