internal import SwiftASN1

/// The short names of attribute types: those of RFC 4514 §3, and those that certificates of banks and people carry besides.
enum AttributeKeyword {
    /// The keyword, or the object identifier in decimal.
    static func name(of type: ASN1ObjectIdentifier) -> String { names[type] ?? decimal(type) }

    /// X.690 §8.19.4 joins the first two numbers as 40 · first + second, where the first is 2 at most. The library divides whatever it is.
    private static func decimal(_ type: ASN1ObjectIdentifier) -> String {
        let numbers = type.oidComponents
        guard numbers.count > 1, numbers[0] > 2 else { return String(describing: type) }
        return ([2, (numbers[0] - 2) * 40 + numbers[1]] + numbers.dropFirst(2)).map(String.init).joined(separator: ".")
    }

    /// - Parameter text: a keyword without regard to case, or an object identifier in decimal.
    static func type(of text: String) -> ASN1ObjectIdentifier? {
        if let type = types[text.lowercased()] { return type }
        // Each number of a few digits: what the parser reads must not overflow.
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (2...20).contains(parts.count), parts.allSatisfy({ (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let first = parts.first.flatMap({ UInt($0) }), let second = UInt(parts[1]), first < 2 ? second < 40 : first == 2
        else { return nil }
        return try? ASN1ObjectIdentifier(dotRepresentation: text)
    }

    private static let all: [(name: String, type: ASN1ObjectIdentifier)] = [
        ("CN", [2, 5, 4, 3]), ("L", [2, 5, 4, 7]), ("ST", [2, 5, 4, 8]), ("O", [2, 5, 4, 10]), ("OU", [2, 5, 4, 11]), ("C", [2, 5, 4, 6]),
        ("STREET", [2, 5, 4, 9]), ("DC", [0, 9, 2342, 19_200_300, 100, 1, 25]), ("UID", [0, 9, 2342, 19_200_300, 100, 1, 1]),
        ("SN", [2, 5, 4, 4]), ("serialNumber", [2, 5, 4, 5]), ("title", [2, 5, 4, 12]), ("businessCategory", [2, 5, 4, 15]), ("postalCode", [2, 5, 4, 17]),
        ("GN", [2, 5, 4, 42]), ("organizationIdentifier", [2, 5, 4, 97]), ("emailAddress", [1, 2, 840, 113549, 1, 9, 1]),
        ("jurisdictionCountryName", [1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3]),
    ]

    private static let names = Dictionary(all.map { ($0.type, $0.name) }, uniquingKeysWith: { first, _ in first })
    private static let types = Dictionary(
        all.map { ($0.name.lowercased(), $0.type) } + [("e", [1, 2, 840, 113549, 1, 9, 1])], uniquingKeysWith: { first, _ in first })
}
