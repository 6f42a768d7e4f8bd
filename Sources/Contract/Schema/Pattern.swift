/// The part of regular expressions (ECMA-262) that the contract uses: anchored at both ends; literals, classes, `\d`, groups, and the quantifiers
/// `? * + {n} {n,m}`. It is run as an automaton whose work grows with the text's length alone, so no text can make it slow.
public struct Pattern: Hashable, Sendable {
    public let text: String
    private let states: [State]
    private let start: Int
    /// Some single bytes and then one class repeated, the shape of most patterns (`^acc_[0-9A-Za-z]{1,60}$`): it needs no automaton.
    private let run: Run?

    private struct Run: Hashable, Sendable {
        let prefix: [ByteClass]
        let accepted: ByteClass
        let least: Int
        let most: Int

        /// - Returns: `nil` for another shape.
        init?(_ nodes: [Node]) {
            guard case .repeated(.byte(let accepted), let least, let most)? = nodes.last else { return nil }
            var prefix: [ByteClass] = []
            for node in nodes.dropLast() {
                guard case .byte(let one) = node else { return nil }
                prefix.append(one)
            }
            self.prefix = prefix
            self.accepted = accepted
            self.least = least
            self.most = most ?? .max
        }

        func matches(_ candidate: String) -> Bool {
            var candidate = candidate
            return candidate.withUTF8 { bytes in
                let rest = bytes.dropFirst(prefix.count)
                return bytes.count >= prefix.count && rest.count >= least && rest.count <= most
                    && zip(prefix, bytes).allSatisfy { $0.contains($1) } && rest.allSatisfy(accepted.contains)
            }
        }
    }

    private enum State: Hashable, Sendable {
        case byte(ByteClass, next: Int)
        case split(Int, Int)
        case end
    }

    /// - Returns: `nil` for what is not understood: the document is then refused at the start.
    public init?(_ text: String) {
        guard text.hasPrefix("^"), text.hasSuffix("$"), text.utf8.count >= 2, text.utf8.count <= 200 else { return nil }
        var reader = Reader(Array(text.utf8.dropFirst().dropLast()))
        guard let nodes = reader.sequence(), reader.atEnd else { return nil }
        var builder = Builder()
        start = builder.add(.sequence(nodes), before: builder.end)
        guard builder.states.count <= 2000 else { return nil }
        states = builder.states
        run = Run(nodes)
        self.text = text
    }

    public func matches(_ candidate: String) -> Bool {
        if let run { return run.matches(candidate) }
        var current = Set<Int>()
        follow(start, into: &current)
        for byte in candidate.utf8 {
            var next = Set<Int>()
            for state in current {
                if case .byte(let accepted, let target) = states[state], accepted.contains(byte) { follow(target, into: &next) }
            }
            guard !next.isEmpty else { return false }
            current = next
        }
        return current.contains { states[$0] == .end }
    }

    private func follow(_ state: Int, into set: inout Set<Int>) {
        guard set.insert(state).inserted, case .split(let first, let second) = states[state] else { return }
        follow(first, into: &set)
        follow(second, into: &set)
    }

    // MARK: Reading

    private struct ByteClass: Hashable, Sendable {
        private var low: UInt64 = 0
        private var high: UInt64 = 0

        mutating func insert(_ byte: UInt8) {
            if byte < 64 { low |= 1 << UInt64(byte) } else if byte < 128 { high |= 1 << UInt64(byte - 64) }
        }

        func contains(_ byte: UInt8) -> Bool {
            byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte - 64) & 1 == 1
        }

        static func of(_ bytes: some Sequence<UInt8>) -> ByteClass {
            var set = ByteClass()
            for byte in bytes { set.insert(byte) }
            return set
        }
    }

    private indirect enum Node {
        case byte(ByteClass)
        case sequence([Node])
        case repeated(Node, Int, Int?)
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var atEnd: Bool { position == bytes.count }

        mutating func sequence() -> [Node]? {
            var nodes: [Node] = []
            while position < bytes.count, bytes[position] != UInt8(ascii: ")") {
                guard let atom = atom(), let node = quantified(atom) else { return nil }
                nodes.append(node)
            }
            return nodes
        }

        private mutating func atom() -> Node? {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "("):
                guard let nodes = sequence(), take(")") else { return nil }
                return .sequence(nodes)
            case UInt8(ascii: "["): return byteClass()
            case UInt8(ascii: "\\"): return escape().map(Node.byte)
            case UInt8(ascii: "|"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "$"), UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "+"),
                UInt8(ascii: "{"), 128...:
                return nil
            default: return .byte(.of([byte]))
            }
        }

        private mutating func escape() -> ByteClass? {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "d") { return .of(48...57) }
            // Only marks may be escaped: a letter would be a class of its own.
            let isLetterOrDigit = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            return isLetterOrDigit || byte >= 128 ? nil : .of([byte])
        }

        private mutating func byteClass() -> Node? {
            var set = ByteClass()
            while position < bytes.count, bytes[position] != UInt8(ascii: "]") {
                let first = bytes[position]
                guard first < 128, first != UInt8(ascii: "\\"), first != UInt8(ascii: "^"), first != UInt8(ascii: "[") else { return nil }
                position += 1
                if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "-"), bytes[position + 1] != UInt8(ascii: "]") {
                    let last = bytes[position + 1]
                    guard first <= last, last < 128 else { return nil }
                    for byte in first...last { set.insert(byte) }
                    position += 2
                } else {
                    set.insert(first)
                }
            }
            return take("]") ? .byte(set) : nil
        }

        private mutating func quantified(_ node: Node) -> Node? {
            if take("?") { return .repeated(node, 0, 1) }
            if take("*") { return .repeated(node, 0, nil) }
            if take("+") { return .repeated(node, 1, nil) }
            guard take("{") else { return node }
            guard let least = number() else { return nil }
            let most = take(",") ? number() : least
            guard let most, least <= most, take("}") else { return nil }
            return .repeated(node, least, most)
        }

        private mutating func number() -> Int? {
            let digits = bytes[position...].prefix { (48...57).contains($0) }.prefix(4)
            position += digits.count
            return Int(String(decoding: digits, as: UTF8.self)).flatMap { $0 <= 500 ? $0 : nil }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
            position += 1
            return true
        }
    }

    /// Lays the automaton out from its end.
    private struct Builder {
        var states: [State] = [.end]
        let end = 0

        mutating func add(_ node: Node, before next: Int) -> Int {
            // Enough to see that it is too much.
            guard states.count <= 2000 else { return next }
            switch node {
            case .byte(let accepted): return append(.byte(accepted, next: next))
            case .sequence(let nodes): return nodes.reversed().reduce(next) { add($1, before: $0) }
            case .repeated(let node, let least, let most):
                var entry = next
                if let most {
                    for _ in least..<most {
                        let once = add(node, before: entry)
                        entry = append(.split(once, next))
                    }
                } else {
                    let loop = append(.split(next, next))
                    states[loop] = .split(add(node, before: loop), next)
                    entry = loop
                }
                for _ in 0..<least { entry = add(node, before: entry) }
                return entry
            }
        }

        private mutating func append(_ state: State) -> Int {
            states.append(state)
            return states.count - 1
        }
    }
}
