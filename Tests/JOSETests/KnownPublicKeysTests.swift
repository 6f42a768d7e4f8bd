import JSON
import Primitives
import Testing

@testable import JOSE

@Suite("Public keys that came lately")
struct KnownPublicKeysTests {
    /// RFC 7517 appendix A.1
    private static let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
    private static let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"

    private func jwk(_ changes: [String: JSONValue] = [:]) -> JSONObject {
        let sound: [String: JSONValue] = ["kty": .string("EC"), "crv": .string("P-256"), "x": .string(Self.x), "y": .string(Self.y)]
        return JSONObject(sound.merging(changes) { $1 }.filter { $0.value != .null }.map { ($0.key, $0.value) })
    }

    private func refusal(_ keys: KnownPublicKeys, _ jwk: JSONObject) -> PublicKey.Refusal? {
        do throws(PublicKey.Refusal) {
            _ = try keys.key(of: jwk)
            return nil
        } catch { return error }
    }

    @Test func `a key is the same whether it came before, in whatever order and beside whatever else`() throws {
        let keys = KnownPublicKeys()
        let read = try PublicKey(jwk())

        for more in [[:], ["kid": .string("1"), "alg": .string("ES256"), "use": .string("sig")], ["iat": .integer(1)]] as [[String: JSONValue]] {
            for _ in 0..<2 {
                let key = try keys.key(of: jwk(more))
                #expect(key == read && key.thumbprint == read.thumbprint)
            }
        }
    }

    @Test func `RFC 7638 §3-1 the thumbprint is that of the members alone`() throws {
        let key = try KnownPublicKeys().key(
            of: JSONObject([
                ("kty", .string("RSA")), ("e", .string("AQAB")), ("alg", .string("RS256")), ("kid", .string("2011-04-29")),
                (
                    "n",
                    .string(
                        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
                    )
                ),
            ]))

        #expect(key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test func `what makes no key makes none beside a known one`() throws {
        let keys = KnownPublicKeys()
        _ = try keys.key(of: jwk())

        #expect(refusal(keys, jwk(["d": .string("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE")])) == .privatePart)
        #expect(refusal(keys, jwk(["y": .string(Self.x)])) == .malformed)
        #expect(refusal(keys, jwk(["y": .null])) == .malformed)
        #expect(refusal(keys, jwk(["x": .string(Self.x + "=")])) == .malformed)
        #expect(refusal(keys, jwk(["x": .integer(1)])) == .malformed)
        #expect(refusal(keys, jwk(["crv": .string("P-384")])) == .unsupportedCurve)
        #expect(refusal(keys, jwk(["kty": .string("OKP")])) == .unsupportedCurve)
        #expect(refusal(keys, jwk(["kty": .string("oct"), "k": .string("AA")])) == .privatePart)
        #expect(refusal(keys, jwk(["kty": .null])) == .unsupportedType)
    }

    @Test func `one that went out of mind is read again`() throws {
        let keys = KnownPublicKeys(capacity: 2)
        let first = try keys.key(of: jwk())
        for _ in 0..<10 { _ = try keys.key(of: try PrivateKey.random(.edDSA, from: SystemRandom()).publicKey.members) }

        #expect(try keys.key(of: jwk()) == first)
    }
}
