internal import NIOCore

/// How long a connection is waited for: its next request, or the rest of one. While the server itself is at work nothing is due.
struct Patience {
    private let limits: ConnectionLimits
    private var idleSince: NIODeadline
    private var arrivesBy: NIODeadline?
    private var hangsUpBy: NIODeadline?

    init(_ limits: ConnectionLimits, now: NIODeadline) {
        self.limits = limits
        idleSince = now
    }

    mutating func requestBegan(_ now: NIODeadline) { arrivesBy = now + limits.arrival }
    mutating func requestArrived(_ now: NIODeadline) {
        arrivesBy = nil
        idleSince = now
    }
    mutating func hungUp(_ now: NIODeadline) { hangsUpBy = now + limits.hangingUp }
    mutating func answered(_ now: NIODeadline) { idleSince = now }

    /// When the connection is given up unless something happens; `nil` while an answer is being made to what arrived whole.
    func due(isAnswering: Bool) -> NIODeadline? { hangsUpBy ?? arrivesBy ?? (isAnswering ? nil : idleSince + limits.idle) }
}
