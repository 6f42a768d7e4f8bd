import Foundation
import Primitives
import TestSupport

/// Makes hostile inputs out of sound ones, the same in every run of one seed: bytes flipped, cut, repeated and put in the place of others, and the values that
/// readers stumble over.
struct Mutator {
    private let random: SeededRandom
    private let samples: [[UInt8]]

    /// How many inputs each reader gets: few in the tests, a million with `script/fuzz`.
    static let cases = ProcessInfo.processInfo.environment["WEKEZA_FUZZ_CASES"].flatMap(Int.init) ?? 2000
    static let seed = ProcessInfo.processInfo.environment["WEKEZA_FUZZ_SEED"].flatMap(UInt64.init) ?? 1

    init(_ samples: [[UInt8]]) {
        random = SeededRandom(Self.seed)
        self.samples = samples
    }

    init(_ samples: [String]) { self.init(samples.map { Array($0.utf8) }) }

    /// What is put in somewhere.
    private static let tokens: [[UInt8]] =
        [
            "\"", "\\", "{", "}", "[", "]", ":", ",", "null", "true", "1e300", "-1e309", "9223372036854775808", "0.1", "\"alg\":\"none\"", "\"d\":\"AA\"",
            "\"kty\":\"oct\"", "\u{0}", "%00", "%", "%zz", "&", "=", "#", "..", "//", "@", "*", "\r\n", " ", ".", "-", "_", "==", "+", "\u{301}", "\u{202E}",
            "é", "💥",
            String(repeating: "[", count: 100), String(repeating: "a", count: 5000), "urn:ietf:params:oauth:request_uri:",
        ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x80]]

    func next() -> [UInt8] {
        var bytes = pick(samples)
        for _ in 0...number(below: 4) { mutate(&bytes) }
        return bytes
    }

    private func mutate(_ bytes: inout [UInt8]) {
        let place = number(below: bytes.count + 1)
        let end = min(bytes.count, place + number(below: 24))
        switch number(below: 8) {
        case 0: bytes.insert(contentsOf: pick(Self.tokens), at: place)
        case 1: bytes.replaceSubrange(place..<end, with: pick(Self.tokens))
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 5: if place < bytes.count { bytes[place] ^= 1 << UInt8(number(below: 8)) }
        case 6: if place < bytes.count { bytes[place] = UInt8(number(below: 256)) }
        default:
            let other = pick(samples)
            bytes.replaceSubrange(place..., with: other.suffix(number(below: other.count + 1)))
        }
    }

    private func pick<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    private func number(below limit: Int) -> Int {
        let bytes = random.bytes(4)
        return bytes.reduce(0) { $0 << 8 | Int($1) } % max(1, limit)
    }
}
