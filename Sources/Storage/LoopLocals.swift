public import NIOCore
internal import NIOPosix
internal import Synchronization

/// One of something for each event loop that asks, told by the thread.
public final class LoopLocals<Local: AnyObject & Sendable>: Sendable {
    private struct State {
        var all: [Local] = []
        var limit: Int
    }

    private let make: @Sendable (any EventLoop) -> Local
    private let owner = LoopLocalsOwner()
    private let state: Mutex<State>

    /// - Parameters:
    ///   - limit: loops that may have one, those that ask first.
    ///   - make: is called on the loop.
    public init(limit: Int = .max, _ make: @escaping @Sendable (any EventLoop) -> Local) {
        self.make = make
        state = Mutex(State(limit: limit))
    }

    deinit { owner.end() }

    public func serve(_ limit: Int) { state.withLock { $0.limit = limit } }

    /// What the event loop has whose thread this is; `nil` on any other thread, and beyond the limit.
    public var current: Local? {
        if let known = HereLocals.of(owner) { return unsafeDowncast(known, to: Local.self) }
        guard let loop = MultiThreadedEventLoopGroup.currentEventLoop else { return nil }
        return begin(loop)
    }

    private func begin(_ loop: any EventLoop) -> Local? {
        state.withLock { state in
            guard state.all.count < state.limit else { return nil }
            let new = make(loop)
            state.all.append(new)
            HereLocals.add(new, of: owner)
            return new
        }
    }

    /// Makes no more, and lets go of those that there are.
    public func end() -> [Local] {
        owner.end()
        return state.withLock { state in
            state.limit = 0
            defer { state.all = [] }
            return state.all
        }
    }
}

/// Stands for one `LoopLocals` in what a thread keeps.
private final class LoopLocalsOwner: Sendable {
    private let over = Atomic(false)

    var isOver: Bool { over.load(ordering: .relaxed) }

    func end() { over.store(true, ordering: .relaxed) }
}

/// What a thread keeps, which is an event loop's.
private final class HereLocals: @unchecked Sendable {
    // Each thread has its own.
    private var all: [(owner: LoopLocalsOwner, local: AnyObject)] = []

    private static let here = ThreadSpecificVariable<HereLocals>()

    /// Whose it is, is told without a count of references, for which threads would wait for each other.
    static func of(_ owner: LoopLocalsOwner) -> AnyObject? {
        guard let here = here.currentValue else { return nil }
        for index in here.all.indices where here.all[index].owner === owner { return here.all[index].local }
        return nil
    }

    static func add(_ local: AnyObject, of owner: LoopLocalsOwner) {
        let here = here.currentValue ?? HereLocals()
        here.all.removeAll { $0.owner.isOver }
        here.all.append((owner, local))
        self.here.currentValue = here
    }
}
