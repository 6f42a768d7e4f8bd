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
        guard mayHoldSecret(text) else { return text }
        return text.replacing(#/(?<kind>wkz_[a-z]{1,4}_|eyJ)[A-Za-z0-9_.\-]{12,}/#) { "\($0.output.kind)…" }
    }

    /// Every text of every line is asked, so by its bytes.
    private static func mayHoldSecret(_ text: String) -> Bool {
        guard text.utf8.count >= 15 else { return false }
        var text = text
        return text.withUTF8 { bytes in
            bytes.indices.dropLast(3).contains { index in
                switch bytes[index] {
                case UInt8(ascii: "w"): bytes[index + 1] == UInt8(ascii: "k") && bytes[index + 2] == UInt8(ascii: "z") && bytes[index + 3] == UInt8(ascii: "_")
                case UInt8(ascii: "e"): bytes[index + 1] == UInt8(ascii: "y") && bytes[index + 2] == UInt8(ascii: "J")
                default: false
                }
            }
        }
    }
}
