internal import Dispatch
internal import Primitives
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

/// The process's standard output. A reader that went away does not stop the server, nor does one that stalls: nobody who logs waits for it.
public struct StandardOutput: LogOutput {
    /// Some eight thousand lines wait for a reader that stalls.
    private static let waiting = WaitingLines(most: 4 << 20, note: line) { OutputDescriptor(number: STDOUT_FILENO).write($0) }
    /// What waits leaves before the process ends, which a reader that stalls holds up for two seconds.
    private static let leavesAtExit: Void = { _ = atexit { waiting.finish(within: .seconds(2)) } }()

    public init() { Self.leavesAtExit }

    /// How many lines nobody will read, since the process started.
    public static var linesDropped: Int { waiting.linesLost }

    public func write(_ line: [UInt8], isUrgent: Bool) { Self.waiting.add(line, isUrgent: isUrgent) }

    /// Stands where the dropped lines would.
    private static func line(of dropped: Int) -> [UInt8] {
        var line = JSONLine()
        line.add(own: "@timestamp", SystemClock().now.rfc3339WithMilliseconds)
        line.add(own: "log.level", "warning")
        line.add(own: "message", "log lines dropped")
        line.add(own: "ecs.version", ECSLogHandler.version)
        line.add(own: "service.name", ECSLogHandler.service)
        line.add(own: "log.logger", "wekeza")
        line.add(own: "labels.lines", String(dropped))
        return line.finished()
    }
}
