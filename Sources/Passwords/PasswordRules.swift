/// What a new password must be (NIST SP 800-63B §5.1.1.2, OWASP ASVS 6.2): long enough, not well known, not about its owner. No rules of composition.
public struct PasswordRules: Sendable {
    /// Unicode scalars.
    public static let minimumLength = 8
    public static let maximumLength = 1024
    /// UTF-8 bytes: the bound on work.
    public static let maximumBytes = 4096
    /// What stands beside a field for a new password.
    public static let hint = "At least \(minimumLength) characters. A few words in a row are easy to remember and hard to guess."

    public init() {}

    /// Why a password is not accepted; `message` says what to do.
    public enum Refusal: String, Error, Sendable, CaseIterable {
        case empty, tooShort, tooLong, controlCharacter, common, repetition, sequence, personal

        public var message: String {
            switch self {
            case .empty: "Enter a password"
            case .tooShort: "Use at least \(PasswordRules.minimumLength) characters"
            case .tooLong: "Use at most 1,024 characters"
            case .controlCharacter: "Leave out characters that cannot be seen"
            case .common: "Choose another password: this one is among the first that attackers try"
            case .repetition: "Choose another password: this one repeats itself"
            case .sequence: "Choose another password: this one follows the alphabet, the numbers or the keyboard"
            case .personal: "Choose a password that is not made of your name, email or company"
            }
        }
    }

    /// - Parameter personal: the owner's name, email, company …: a password that is little more than these is refused.
    /// - Returns: `nil` when the password is accepted, exactly as it was typed.
    public func refusal(of password: String, personal: [String] = []) -> Refusal? {
        guard !password.isEmpty else { return .empty }
        guard password.utf8.count <= Self.maximumBytes, password.unicodeScalars.count <= Self.maximumLength else { return .tooLong }
        guard !password.unicodeScalars.contains(where: { $0.value == 0 }) else { return .controlCharacter }
        guard password.unicodeScalars.count >= Self.minimumLength else { return .tooShort }
        let folded = password.lowercased()
        guard !CommonPasswords.contain(folded) else { return .common }
        guard !Self.repeatsItself(folded) else { return .repetition }
        guard !Self.isSequence(folded) else { return .sequence }
        guard !Self.isMade(folded, of: personal) else { return .personal }
        return nil
    }

    /// `aaaaaaaa`, `abcabcabc`: one piece of up to four characters, again and again.
    private static func repeatsItself(_ password: String) -> Bool {
        let scalars = Array(password.unicodeScalars)
        return (1...4).contains { period in
            scalars.count >= 2 * period && scalars.indices.dropFirst(period).allSatisfy { scalars[$0] == scalars[$0 - period] }
        }
    }

    /// `12345678`, `hgfedcba`, `qwertyuiop`, also with a few further characters at the end.
    private static func isSequence(_ password: String) -> Bool {
        let ordered = ["abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"]
        let rows = ordered.flatMap { [$0, String($0.reversed())] }
        let head = String(password.prefix(max(minimumLength - 2, password.count - 3)))
        return password.count <= 24 && rows.contains { $0.contains(head) }
    }

    /// What remains once the owner's own words are taken out is too short to be a password.
    private static func isMade(_ password: String, of personal: [String]) -> Bool {
        let words = personal.flatMap { text in
            let text = text.lowercased()
            return [String(text.filter { $0.isLetter || $0.isNumber })] + text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        }
        var rest = password
        for word in Set(words).sorted(by: { $0.count > $1.count }) where word.count >= 3 { rest = rest.replacing(word, with: "") }
        return rest != password && rest.filter { $0.isLetter }.count < 4 && rest.count < minimumLength
    }
}
