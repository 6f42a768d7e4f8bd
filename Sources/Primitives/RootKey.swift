public import Crypto

/// The key of a deployment: every other server key is derived from it (HKDF-SHA256, RFC 5869) under a label of its own. The database holds it sealed under the
/// operator's `MasterKey`.
public struct RootKey: Equatable, Sendable {
    private let key: SymmetricKey

    /// - Parameter bytes: 32 random bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        key = SymmetricKey(data: bytes)
    }

    public static func random(from randomness: any RandomSource) -> RootKey { RootKey(bytes: randomness.bytes(32))! }  // 32 bytes, as it asks for

    var bytes: [UInt8] { key.withUnsafeBytes { Array($0) } }

    /// A 256-bit key for one purpose.
    public func derive(_ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("wekeza/1/\(purpose)".utf8), outputByteCount: 32)
    }
}

extension RootKey {
    /// Another key, from which every purpose is derived anew: what the old one sealed or signed is nothing to it.
    public func renewed(by salt: String) -> RootKey {
        let bytes = derive("renewed/\(salt)").withUnsafeBytes { Array($0) }
        return RootKey(bytes: bytes)!  // 32 bytes, as it asks for
    }
}

/// Authenticated encryption for one purpose (AES-256-GCM): what it seals, no one else can read or change, and a seal of another purpose does not open.
public struct Sealer: Sendable {
    private let key: SymmetricKey
    private let purpose: [UInt8]

    public init(_ rootKey: RootKey, purpose: String) {
        key = rootKey.derive("seal/\(purpose)")
        self.purpose = Array(purpose.utf8)
    }

    /// - Returns: base64url of nonce, ciphertext and tag.
    public func seal(_ plaintext: [UInt8]) -> String {
        // Sealing fails only for a nonce of the wrong size; AES.GCM makes its own.
        let box = try! AES.GCM.seal(plaintext, using: key, authenticating: purpose)
        return Base64URL.encode(box.combined!)  // present for the 12-byte nonce that AES.GCM makes
    }

    /// - Returns: `nil` when the text was not sealed by this key for this purpose.
    public func open(_ sealed: String) -> [UInt8]? {
        guard let bytes = Base64URL.decode(sealed), let box = try? AES.GCM.SealedBox(combined: bytes),
            let plaintext = try? AES.GCM.open(box, using: key, authenticating: purpose)
        else { return nil }
        return Array(plaintext)
    }
}

/// A keyed hash for one purpose (HMAC-SHA256).
public struct MessageAuthenticator: Sendable {
    private let key: SymmetricKey

    public init(_ rootKey: RootKey, purpose: String) { key = rootKey.derive("mac/\(purpose)") }

    /// - Returns: base64url, 43 characters.
    public func code(for message: String) -> String {
        Base64URL.encode(HMAC<SHA256>.authenticationCode(for: Array(message.utf8), using: key))
    }

    public func isValid(_ code: String, for message: String) -> Bool { constantTimeEqual(code, self.code(for: message)) }
}
