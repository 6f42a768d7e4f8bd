/// Variables that are meant for this program and that it does not read: mistyped, most likely, and a start would go on as if they were not there.
struct UnknownVariables {
    private let names: [String]

    init(_ environment: [String: String]) {
        names = environment.keys.filter { $0.hasPrefix("WEKEZA_") && EnvironmentVariable(rawValue: $0) == nil }.sorted()
    }

    /// What is wrong and what to do, a sentence each. Values are not repeated: they may be passwords.
    var warnings: [(found: String, advice: String)] {
        names.map { name in
            let advice = Self.nearest(to: name).map { "Write \($0), if that is meant." } ?? "Take it out; wekeza serve --help lists those that are read."
            return ("\(name) is no variable of this program, and nothing reads it.", advice)
        }
    }

    private static func nearest(to name: String) -> String? {
        EnvironmentVariable.allCases.map { (name: $0.rawValue, edits: edits(from: name, to: $0.rawValue)) }
            .filter { $0.edits <= mostEdits }.min { $0.edits < $1.edits }?.name
    }

    /// Two letters that changed places are two.
    private static let mostEdits = 2

    /// Levenshtein's distance: how many letters are to be put in, left out or replaced.
    private static func edits(from one: String, to other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let replaced = diagonal + (letter == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
