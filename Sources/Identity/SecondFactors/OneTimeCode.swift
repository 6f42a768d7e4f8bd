import Primitives

/// A code of an authenticator app, as it was typed.
struct OneTimeCode: Hashable, Sendable {
    static let length = 6

    let digits: String

    /// Six digits; spaces between them are how apps show them.
    init?(_ typed: String) {
        guard typed.utf8.count <= 40 else { return nil }
        let digits = typed.filter { !$0.isWhitespace }
        guard digits.utf8.count == Self.length, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        self.digits = digits
    }
}

/// A code for somebody whose authenticator app is lost: it works once. It has 120 random bits, so that a plain digest protects it (OWASP ASVS 6.5.2).
public struct RecoveryCode: Hashable, Sendable {
    /// How many there are at once.
    public static let count = 10

    /// Upper case, without what people put between the letters.
    private let letters: String

    private static let length = 24

    static func random(from randomness: any RandomSource) -> RecoveryCode { RecoveryCode(letters: Base32.encode(randomness.bytes(15))) }

    private init(letters: String) { self.letters = letters }

    /// - Parameter typed: in any case, with dashes and spaces anywhere.
    public init?(_ typed: String) {
        guard typed.utf8.count <= 200 else { return nil }
        let letters = typed.filter { !$0.isWhitespace && $0 != "-" }.uppercased()
        guard letters.utf8.count == Self.length, letters.utf8.allSatisfy({ (65...90).contains($0) || (50...55).contains($0) }) else { return nil }
        self.letters = letters
    }

    var digest: Digest { Digest(of: letters) }

    /// `ABCD-EFGH-IJKL-MNOP-QRST-UVWX`: for the one page that shows it.
    public var text: String { letters.inGroups(of: 4, separatedBy: "-") }
}

extension String {
    /// `ABCD EFGH IJ`: so that it can be copied by hand.
    public func inGroups(of size: Int, separatedBy separator: String) -> String {
        var text = ""
        for (index, character) in enumerated() {
            if index > 0, index.isMultiple(of: size) { text += separator }
            text.append(character)
        }
        return text
    }
}
