package import Bank

/// The five customers as the landing page, the sign-in tiles and the documentation name them.
package enum PersonaCatalogue {
    package struct Entry: Sendable, Hashable {
        /// `amina.traveler`
        package let signInName: String
        /// `Amina Hassan`
        package let name: String
        /// `Amina, frequent traveller`
        package let title: String
        /// One sentence on their life.
        package let summary: String
        /// The rest of “Good for testing …”.
        package let goodFor: String
    }

    package static let entries: [Entry] = Persona.all.map(Entry.init)

    /// What every customer signs in with in demo mode, and nowhere else.
    package static let password = "sandbox"
}

extension PersonaCatalogue.Entry {
    package init(_ persona: Persona) {
        let givenName = persona.name.split(separator: " ").first.map(String.init) ?? persona.name
        self.init(
            signInName: persona.signInName, name: persona.name, title: "\(givenName), \(persona.type.prefix(1).lowercased())\(persona.type.dropFirst())",
            summary: persona.summary, goodFor: persona.goodFor)
    }
}
