public import Primitives

/// Identifiers that follow from what they name: the same in every run, random to look at.
public struct DerivedIDs: Sendable {
    private var generator: SeededGenerator

    /// - Parameter name: the world, the persona and what else sets the sequence apart.
    public init(_ name: String) { generator = SeededGenerator(bytes: sha256(Array(name.utf8))) }

    public mutating func next<ID: Identifier>(_ type: ID.Type = ID.self) -> ID {
        ID(trusted: ID.prefix + text())
    }

    /// Twenty letters and digits that follow from the name alone.
    public static func text(_ name: String) -> String {
        var ids = DerivedIDs(name)
        return ids.text()
    }

    private mutating func text() -> String {
        var text: [UInt8] = []
        text.reserveCapacity(20)
        for _ in 0..<2 {
            var rest = generator.next()
            for _ in 0..<10 {
                text.append(Self.alphabet[Int(rest % 62)])
                rest /= 62
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
}
