internal import Foundation

/// What a person types to say who they are, as it is kept and compared: no white space around it, composed (NFC), lower-case.
public enum SignInName {
    /// The longest name in UTF-8 bytes; longer ones belong to nobody.
    public static let maximumBytes = 254

    /// - Returns: `nil` for nothing, for more than 254 bytes, and for control characters.
    public static func fold(_ text: String) -> String? {
        guard text.utf8.count <= 4 * maximumBytes else { return nil }
        let folded = text.trimmingCharacters(in: .whitespaces).precomposedStringWithCanonicalMapping.lowercased()
        guard (1...maximumBytes).contains(folded.utf8.count), !folded.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return nil }
        return folded
    }
}
