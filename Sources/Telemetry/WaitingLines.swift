internal import Dispatch
internal import Synchronization

/// Finished lines on their way out. Whoever logs adds to them and goes on; one thread alone writes, and waits for a reader that stalls. Lines leave together, a
/// few milliseconds after the first of them: a system call for each would cost more than the line. What is urgent wakes the writer at once, for all before it too.
///
/// What comes while the reader stalls is kept up to a limit. Beyond it lines are dropped and counted, and a line in their place says how many.
final class WaitingLines: Sendable {
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "wekeza.log")
    private let most: Int
    private let note: @Sendable (_ dropped: Int) -> [UInt8]
    private let write: @Sendable ([UInt8]) -> Int

    private static let delay = DispatchTimeInterval.milliseconds(10)
    /// Bytes of memory that are kept for the next lines.
    private static let kept = 512 << 10

    /// - Parameters:
    ///   - most: how many bytes wait.
    ///   - note: the line that stands for so many dropped ones.
    ///   - write: may take as long as it likes, and returns how many bytes left.
    init(most: Int, note: @escaping @Sendable (_ dropped: Int) -> [UInt8], write: @escaping @Sendable ([UInt8]) -> Int) {
        self.most = most
        self.note = note
        self.write = write
    }

    /// Since the start: dropped because too many waited, or not taken by the reader.
    var linesLost: Int { state.withLock { $0.lost } }

    func add(_ line: [UInt8], isUrgent: Bool) {
        switch state.withLock({ $0.add(line, isUrgent: isUrgent, most: most) }) {
        case .arranged: break
        case .soon: queue.asyncAfter(deadline: .now() + Self.delay) { self.leave() }
        case .now: queue.async { self.leave() }
        }
    }

    /// Waits until everything that was added before has left, but no longer than this.
    func finish(within limit: DispatchTimeInterval) {
        let hasLeft = DispatchSemaphore(value: 0)
        queue.async {
            self.leave()
            hasLeft.signal()
        }
        _ = hasLeft.wait(timeout: .now() + limit)
    }

    /// On the queue alone, so that lines leave in their order.
    private func leave() {
        var (lines, dropped) = state.withLock { $0.take() }
        if dropped > 0 { lines += note(dropped) }
        let left = lines.isEmpty ? 0 : write(lines)
        let lost = lines[left...].count { $0 == UInt8(ascii: "\n") }
        lines.removeAll(keepingCapacity: lines.capacity <= Self.kept)
        state.withLock { state in
            state.spare = lines
            state.lost += lost
        }
    }
}

/// When lines leave that were just added to.
private enum Departure {
    /// They will, whoever saw to it.
    case arranged
    case soon
    case now
}

private struct State {
    private var lines: [UInt8] = []
    /// What left last, emptied. The two take turns, so that neither is made anew.
    var spare: [UInt8] = []
    /// Since lines were taken last.
    private var dropped = 0
    var lost = 0
    private var isSoon = false
    private var isNow = false

    mutating func add(_ line: [UInt8], isUrgent: Bool, most: Int) -> Departure {
        // After one that is dropped so is each until there is room: the line that tells of them stands in the place of all.
        guard lines.isEmpty || (dropped == 0 && lines.count + line.count <= most) else {
            dropped += 1
            lost += 1
            return .arranged
        }
        lines += line
        guard !isNow, isUrgent || !isSoon else { return .arranged }
        if isUrgent { isNow = true } else { isSoon = true }
        return isUrgent ? .now : .soon
    }

    mutating func take() -> (lines: [UInt8], dropped: Int) {
        let taken = (lines, dropped)
        (lines, spare) = (spare, [])
        (dropped, isSoon, isNow) = (0, false, false)
        return taken
    }
}
