import Primitives
import TestSupport
import Testing

@Suite("base64url (RFC 4648 §5, without padding)")
struct Base64URLTests {
    @Test(arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy")])
    func `§10 test vectors`(plain: String, encoded: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    }

    @Test func `RFC 7515 §C its example`() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test func `every length and byte comes back`() {
        let randomness = SeededRandom(7)
        for length in 0..<200 {
            let bytes = randomness.bytes(length)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }

    @Test(arguments: ["Zg==", "Zm8=", "Z", "Zm9vY", "Zm9v+", "Zm9v/g", "Zm 9v", "Zm9v\n", "Zé", "Zm9v\0", "="])
    func `padding, foreign characters and impossible lengths are refused`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    // "Zg" is 0x66 and four zero bits; "Zh" sets one of them.
    @Test(arguments: ["Zh", "Zi", "Zo", "Zm9", "Zm-", "Z_"])
    func `a second spelling of the same bytes is refused`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
