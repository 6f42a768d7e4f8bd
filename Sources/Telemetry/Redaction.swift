/// Keeps secrets out of the log, whoever put them into a message.
enum Redaction {
    /// Keys whose values are never written.
    static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        return secretKeys.contains(where: key.contains) && !key.hasSuffix("_id")
    }

    private static let secretKeys = ["secret", "password", "token", "authorization", "cookie", "credential", "private_key", "code_verifier", "assertion"]

    /// Cuts our own secrets (`wkz_…`) and tokens in JWS form (`eyJ…`) down to their first letters.
    static func redact(_ text: String) -> String {
        guard text.contains("wkz_") || text.contains("eyJ") else { return text }
        return text.replacing(#/(?<kind>wkz_[a-z]{1,4}_|eyJ)[A-Za-z0-9_.\-]{12,}/#) { "\($0.output.kind)…" }
    }
}
