public import Bank

/// The five customers as the landing page, the sign-in tiles and the documentation name them.
public enum PersonaCatalogue {
    public struct Entry: Sendable, Hashable {
        /// `amina.traveler`
        public let signInName: String
        /// `Amina Hassan`
        public let name: String
        /// `Amina, frequent traveller`
        public let title: String
        /// One sentence on their life.
        public let summary: String
        /// The rest of “Good for testing …”.
        public let goodFor: String
    }

    public static let entries: [Entry] = Persona.all.map(Entry.init)

    /// What every customer signs in with in demo mode, and nowhere else.
    public static let password = "sandbox"
}

extension PersonaCatalogue.Entry {
    public init(_ persona: Persona) {
        let givenName = persona.name.split(separator: " ").first.map(String.init) ?? persona.name
        self.init(
            signInName: persona.signInName, name: persona.name, title: "\(givenName), \(persona.type.prefix(1).lowercased())\(persona.type.dropFirst())",
            summary: persona.summary, goodFor: persona.goodFor)
    }
}
