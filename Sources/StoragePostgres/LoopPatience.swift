/// How long an event loop may wait for what it reads: its connections wait too.
struct LoopPatience {
    private var windowBegan: ContinuousClock.Instant?
    private var waited = Duration.zero
    private var rest = shortestRest
    private var restsUntil: ContinuousClock.Instant?

    /// Half of the time: of each window so much.
    static let window = Duration.milliseconds(20)
    static let most = Duration.milliseconds(10)
    /// And so long for one exchange. The processor does other work meanwhile, the server's too.
    static let longest = Duration.milliseconds(5)
    /// With less than this an exchange is not worth beginning.
    static let least = Duration.milliseconds(1)
    /// For how long a loop that waited in vain leaves its reads to threads: twice as long each time, and half as long after each answer.
    static let shortestRest = Duration.milliseconds(5)
    static let longestRest = Duration.seconds(1)

    /// - Returns: `nil` when the loop is not to wait now.
    mutating func left(at now: ContinuousClock.Instant) -> Duration? {
        if let restsUntil, now < restsUntil { return nil }
        if let windowBegan, now < windowBegan + Self.window {
            let left = Self.most - waited
            return left < Self.least ? nil : min(left, Self.longest)
        }
        (windowBegan, waited) = (now, .zero)
        return Self.longest
    }

    mutating func noteAnswer(from begun: ContinuousClock.Instant, to ended: ContinuousClock.Instant) {
        waited += ended - begun
        rest = max(rest / 2, Self.shortestRest)
    }

    mutating func noteInVain(from begun: ContinuousClock.Instant, to ended: ContinuousClock.Instant) {
        waited += ended - begun
        restsUntil = ended + rest
        rest = min(rest * 2, Self.longestRest)
    }
}
