/// Text that others read on one line, as its owner typed it: the name of an app, a company or a person, an app's purpose. Everything in it can be seen, so
/// that no name looks like another one, runs backwards, or breaks a page, a mail's subject or a log line.
public enum OneLine {
    /// The longest name, in characters.
    public static let longestName = 60

    public enum Refusal: Error, Hashable, Sendable {
        case missing
        case tooLong
        /// Control and format characters, line breaks, and others that leave no trace (Unicode 16 §4.5 `General_Category`, §5.21 `Default_Ignorable_Code_Point`).
        case unseen
    }

    /// The first rule that a text breaks. A character may be several code points, so bytes are bounded too: four for each.
    public static func refusal(of text: String, longest: Int = longestName) -> Refusal? {
        guard text.contains(where: { !$0.isWhitespace }) else { return .missing }
        guard text.unicodeScalars.allSatisfy(canBeSeen) else { return .unseen }
        return text.count <= longest && text.utf8.count <= 4 * longest ? nil : .tooLong
    }

    private static func canBeSeen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
