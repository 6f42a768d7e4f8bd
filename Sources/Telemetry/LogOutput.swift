internal import Dispatch
internal import Synchronization
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Where finished lines go.
public protocol LogOutput: Sendable {
    /// - Parameter isUrgent: whether the line is to leave at once.
    func write(_ line: [UInt8], isUrgent: Bool)
}

/// The process's standard output. Lines leave together, a few milliseconds after the first of them: a system call for each would cost more than the line.
/// What is urgent leaves at once, with all before it. A reader that went away does not stop the server.
public struct StandardOutput: LogOutput {
    private static let waiting = Waiting()
    /// What waits leaves before the process ends.
    private static let leavesAtExit: Void = { _ = atexit { waiting.flush() } }()

    public init() { Self.leavesAtExit }

    public func write(_ line: [UInt8], isUrgent: Bool) { Self.waiting.add(line, isUrgent: isUrgent) }
}

private final class Waiting: Sendable {
    private let lines = Mutex<[UInt8]>([])
    /// What is on its way out, one at a time. The two take turns, so that neither is made anew.
    private let leaving = Mutex<[UInt8]>([])

    private static let delay = DispatchTimeInterval.milliseconds(10)
    /// Bytes; beyond it whoever logs writes.
    private static let most = 256 << 10

    func add(_ line: [UInt8], isUrgent: Bool) {
        let (isFirst, isFull) = lines.withLock { lines in
            let isFirst = lines.isEmpty
            lines += line
            return (isFirst, lines.count > Self.most)
        }
        if isUrgent || isFull {
            flush()
        } else if isFirst {
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.delay) { self.flush() }
        }
    }

    func flush() {
        leaving.withLock { leaving in
            // Taken inside, so that lines leave in their order.
            lines.withLock { swap(&$0, &leaving) }
            write(leaving)
            leaving.removeAll(keepingCapacity: leaving.capacity < 2 * Self.most)
        }
    }

    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { writeBytes(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 || (written < 0 && errno == EINTR) else { return }
            rest = rest.dropFirst(max(0, written))
        }
    }
}

/// `write` is the method's name above.
private let writeBytes: @Sendable (Int32, UnsafeRawPointer?, Int) -> Int = { write($0, $1, $2) }
