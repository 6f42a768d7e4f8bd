internal import Primitives

/// Records that are written with one transaction. They are put together as they come, while what is in them is at hand: what waits to be written is a few texts.
public struct DecisionGroup: Sendable {
    public private(set) var count = 0
    /// Whether an earlier attempt to write it, whose answer was lost, may have done so.
    public var mayBeThere = false
    private(set) var packs: [DecisionPack] = []
    /// Those that take more, the newest last.
    private var openPacks: [Int] = []
    private var bundles: [UnshelvedBundle] = []
    private var places: [UnshelvedBundle.Kind: Int] = [:]

    /// Those of a second: calls that took longer, each of a moment of its own, are not worth looking through.
    private static let mostOpenPacks = 32

    public init(_ records: [DecisionRecord] = []) {
        for record in records { add(record) }
    }

    public mutating func add(_ record: DecisionRecord) {
        count += 1
        pack(record)
        bundle(record)
    }

    /// - Returns: the group, when it has as many records as it may; what is left then is an empty one.
    mutating func add(_ record: DecisionRecord, upTo size: Int) -> DecisionGroup? {
        add(record)
        return count >= size ? taken() : nil
    }

    /// Leaves an empty one behind.
    mutating func taken() -> DecisionGroup {
        defer { self = DecisionGroup() }
        return self
    }

    /// Adds the records of another, whose packs stay what they are.
    public mutating func add(_ other: DecisionGroup) {
        count += other.count
        packs += other.packs
        for bundle in other.bundles {
            if let place = places[bundle.kind] {
                bundles[place].add(bundle)
            } else {
                places[bundle.kind] = bundles.count
                bundles.append(bundle)
            }
        }
    }

    private mutating func pack(_ record: DecisionRecord) {
        if let open = openPacks.lastIndex(where: { packs[$0].span.contains(record.requestID) }) {
            if packs[openPacks[open]].add(record) { return }
            openPacks.remove(at: open)
        }
        openPacks.append(packs.count)
        packs.append(DecisionPack(record))
        if openPacks.count > Self.mostOpenPacks { packs[openPacks.removeFirst()].close() }
    }

    private mutating func bundle(_ record: DecisionRecord) {
        let kind = UnshelvedBundle.Kind(record)
        guard kind.isListed else { return }
        let call = CallBundle.Call(receivedAt: record.receivedAt, requestID: record.requestID)
        if let place = places[kind] {
            bundles[place].add(call, cost: record.cost)
        } else {
            places[kind] = bundles.count
            bundles.append(UnshelvedBundle(kind, call, cost: record.cost))
        }
    }

    /// Of the records that somebody may list, one slice after the other, as they lie in their table.
    var bundlesBySlice: [[UnshelvedBundle]] {
        var slices = [[UnshelvedBundle]](repeating: [], count: UnshelvedBundle.slices.count)
        for bundle in bundles { slices[bundle.slice].append(bundle) }
        return slices
    }
}
