/// A sequence of numbers that follows from its seed alone, on every machine (SplitMix64). Integers only: floating point differs between libraries.
public struct SeededGenerator: Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// From a digest, of which the first eight bytes count.
    init(bytes: [UInt8]) { state = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number from 0 up to, not including, `bound`; 0 when the bound is none.
    public mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int(next() % UInt64(bound)) : 0
    }

    public mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// Whether something happens that happens this many times in a thousand.
    public mutating func chance(perMille: Int) -> Bool { below(1000) < perMille }

    public mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }

    /// Around 1000: half of the results lie between 730 and 1370, one in twenty above 2300. The shape of what people spend (log-normal, σ 0.47).
    public mutating func spread() -> Int {
        let position = below(Self.quantiles.count - 1)
        let low = Self.quantiles[position]
        return low + below(Self.quantiles[position + 1] - low + 1)
    }

    private static let quantiles = [340, 460, 550, 610, 670, 730, 785, 835, 890, 945, 1000, 1060, 1125, 1200, 1275, 1370, 1485, 1635, 1830, 2170, 2950]
}

/// Mixes numbers into a seed, so that each day of each habit has a sequence of its own.
public func mixedSeed(_ parts: UInt64...) -> UInt64 {
    parts.reduce(0x51_7C_C1_B7_27_22_0A_95) { seed, part in
        var generator = SeededGenerator(seed: seed ^ part)
        return generator.next()
    }
}
