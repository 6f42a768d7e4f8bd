package import Crypto

/// The one secret a deployment must keep: every other server key is derived from it (HKDF-SHA256, RFC 5869) under a label of its own.
package struct MasterKey: Sendable {
    private let key: SymmetricKey

    /// - Parameter bytes: 32 random bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// A 256-bit key for one purpose.
    package func derive(_ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("wekeza/1/\(purpose)".utf8), outputByteCount: 32)
    }
}

extension MasterKey {
    /// Another key, from which every purpose is derived anew: what the old one sealed or signed is nothing to it.
    package func renewed(by salt: String) -> MasterKey {
        let bytes = derive("renewed/\(salt)").withUnsafeBytes { Array($0) }
        return MasterKey(bytes: bytes)!  // 32 bytes, as it asks for
    }
}

/// Authenticated encryption for one purpose (AES-256-GCM): what it seals, no one else can read or change, and a seal of another purpose does not open.
package struct Sealer: Sendable {
    private let key: SymmetricKey
    private let purpose: [UInt8]

    package init(_ master: MasterKey, purpose: String) {
        key = master.derive("seal/\(purpose)")
        self.purpose = Array(purpose.utf8)
    }

    /// - Returns: base64url of nonce, ciphertext and tag.
    package func seal(_ plaintext: [UInt8]) -> String {
        // Sealing fails only for a nonce of the wrong size; AES.GCM makes its own.
        let box = try! AES.GCM.seal(plaintext, using: key, authenticating: purpose)
        return Base64URL.encode(box.combined!)  // present for the 12-byte nonce that AES.GCM makes
    }

    /// - Returns: `nil` when the text was not sealed by this key for this purpose.
    package func open(_ sealed: String) -> [UInt8]? {
        guard let bytes = Base64URL.decode(sealed), let box = try? AES.GCM.SealedBox(combined: bytes),
            let plaintext = try? AES.GCM.open(box, using: key, authenticating: purpose)
        else { return nil }
        return Array(plaintext)
    }
}

/// A keyed hash for one purpose (HMAC-SHA256).
package struct MessageAuthenticator: Sendable {
    private let key: SymmetricKey

    package init(_ master: MasterKey, purpose: String) { key = master.derive("mac/\(purpose)") }

    /// - Returns: base64url, 43 characters.
    package func code(for message: String) -> String {
        Base64URL.encode(HMAC<SHA256>.authenticationCode(for: Array(message.utf8), using: key))
    }

    package func isValid(_ code: String, for message: String) -> Bool { constantTimeEqual(code, self.code(for: message)) }
}
