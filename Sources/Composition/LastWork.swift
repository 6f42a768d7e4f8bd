/// What a stop must not lose.
enum LastWork {
    /// How long a stop waits for a database that is just coming back; the whole stop takes twenty seconds at most.
    static let patience = Duration.seconds(10)
    private static let pause = Duration.milliseconds(200)

    /// Does the work, again while it fails and there is time.
    /// - Throws: what the last attempt threw.
    static func run(within patience: Duration = patience, _ work: @Sendable () async throws -> Void) async throws {
        let end = ContinuousClock.now + patience
        while true {
            do {
                return try await work()
            } catch  where ContinuousClock.now < end && !Task.isCancelled {
                try await Task.sleep(for: pause)
            }
        }
    }
}
