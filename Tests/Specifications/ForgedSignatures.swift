import Crypto
import Foundation
import JOSE
import JSON
import OAuth
import Primitives

// What is made of an app's public key, or put beside a signature, by whoever does not have the private key.

extension TestKey {
    /// The JWT again, of `HS256` and with an HMAC, keyed with what a careless verifier would take for the secret: the public key as files and key sets hold
    /// it, and nothing (RFC 8725 §2.1).
    func mistaken(_ jws: String) throws -> [String] {
        let point = try P256.Signing.PrivateKey(rawRepresentation: key.bytes).publicKey
        let pem = point.pemRepresentation
        let secrets = [pem, pem + "\n", jwk.object.text, key.publicKey.members.text, ""].map { Array($0.utf8) } + [Array(point.derRepresentation)]
        let parts = jws.split(separator: ".").map(String.init)
        let header = String(decoding: Base64URL.decode(parts[0]) ?? [], as: UTF8.self).replacing("ES256", with: "HS256")
        let input = "\(Base64URL.encode(Array(header.utf8))).\(parts[1])"
        return secrets.map { secret in
            let code = HMAC<SHA256>.authenticationCode(for: Array(input.utf8), using: SymmetricKey(data: secret))
            return "\(input).\(Base64URL.encode(Array(code)))"
        }
    }

    /// Header members that offer this key, or an address where it is, to check the signature with (RFC 7515 §4.1.2, §4.1.3, §4.1.5 and §4.1.6).
    func offers(at address: String) throws -> [[String: JSONValue]] {
        let certificate = try TestIdentity.selfSigned(key: P256.Signing.PrivateKey(rawRepresentation: key.bytes)).der
        let offers: [[String: JSONValue]] = [
            ["jwk": .object(jwk.object)], ["jku": .string(address)], ["x5u": .string(address)],
            ["x5c": .array([.string(Data(certificate).base64EncodedString())])],
        ]
        return offers + offers.map { $0.merging(["kid": .null]) { $1 } }
    }
}

/// The JWT with its signature in DER, as certificates have it; JWS has the two numbers side by side (RFC 7518 §3.4).
func signedInDER(_ jws: String) throws -> String {
    let parts = jws.split(separator: ".").map(String.init)
    let signature = try P256.Signing.ECDSASignature(rawRepresentation: Base64URL.decode(parts[2]) ?? [])
    return "\(parts[0]).\(parts[1]).\(Base64URL.encode(Array(signature.derRepresentation)))"
}
