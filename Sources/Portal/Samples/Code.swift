/// A block of code for `{{>portal/partials/code}}`: lines that are comments stand back.
struct Code: Encodable, Sendable {
    struct Part: Encodable, Sendable {
        let note: String?
        let text: String?
    }

    /// What a screen reader calls it.
    let label: String
    let parts: [Part]

    /// - Parameter comment: what a comment begins with.
    init(_ label: String, _ text: String, comment: String = "#") {
        self.label = label
        var parts: [Part] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let lead = index == 0 ? "" : "\n"
            if !comment.isEmpty, line.hasPrefix(comment) {
                if !lead.isEmpty { parts.append(Part(note: nil, text: lead)) }
                parts.append(Part(note: String(line), text: nil))
            } else {
                parts.append(Part(note: nil, text: lead + line))
            }
        }
        self.parts = parts
    }

    var text: String { parts.map { $0.note ?? $0.text ?? "" }.joined() }
}

/// One step of a sample: what it does, and the code.
struct SampleStep: Encodable, Sendable {
    let title: String
    let text: String?
    let code: Code
}
