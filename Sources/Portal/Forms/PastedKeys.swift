import JOSE
import JSON
import OAuth

/// A JWK set as somebody pasted it.
enum PastedKeys {
    enum Reading {
        case set(JSONValue)
        /// What is wrong, a sentence without a full stop.
        case fault(String)
    }

    /// What the shared rules leave out in silence, because a published set may hold keys for others (RFC 7517 §5), is told to whoever pastes one.
    /// - Parameter method: how the app proves itself with them; `nil` where nothing was chosen.
    static func read(_ text: String, for method: ClientAuthenticationMethod?) -> Reading {
        guard let value = try? JSONValue(parsing: text, limits: .token(bytes: 65_536)) else {
            return .fault("This is not valid JSON, or it names a member twice: paste the whole set, from { to }")
        }
        if value["kty"] != nil { return .fault("This is one key: put it into a set, {\"keys\": [ … ]}") }
        for (index, key) in (value["keys"]?.array ?? []).enumerated() {
            if let fault = fault(of: key, for: method) { return .fault("Key \(index + 1) \(fault)") }
        }
        return .set(value)
    }

    private static func fault(of key: JSONValue, for method: ClientAuthenticationMethod?) -> String? {
        if key["kty"]?.string == "oct" { return "is a symmetric key (kty oct), which is a secret: take it out, replace it, and register public keys" }
        if let use = key["use"]?.string, use != "sig" { return "is not for signatures (use \(use.prefix(20))): take it out, or write use sig" }
        if let operations = key["key_ops"]?.array, !operations.contains(.string("verify")) { return "is not for signatures: its key_ops lack verify" }
        // RFC 8705 §2.2.2: it may be there for its certificate alone, of any size.
        if method == .selfSignedTLSClientAuth, key["x5c"]?.array?.isEmpty == false { return nil }
        guard let object = key.object else { return nil }
        do { _ = try PublicKey(object) } catch { return error == .weak ? error.message : nil }
        return nil
    }
}
