import Pages
import Primitives

/// Whose name a field takes.
enum NamedParty {
    case person, company

    /// The field's id.
    var field: String {
        switch self {
        case .person: "name"
        case .company: "company"
        }
    }

    func message(_ refusal: OneLine.Refusal) -> String {
        switch (self, refusal) {
        case (.person, .missing): "Enter your name"
        case (.person, .tooLong): "Use at most \(OneLine.longestName) characters for your name"
        case (.person, .unseen): "Use only characters that can be seen in your name, on one line"
        case (.company, .missing): "Enter the name of your company"
        case (.company, .tooLong): "Use at most \(OneLine.longestName) characters for the company"
        case (.company, .unseen): "Use only characters that can be seen for the company, on one line"
        }
    }
}

extension FormErrors {
    mutating func check(name: String, of party: NamedParty) {
        if let refusal = OneLine.refusal(of: name) { add(field: party.field, party.message(refusal)) }
    }
}
