internal import Synchronization
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Where finished lines go.
package protocol LogOutput: Sendable {
    func write(_ line: String)
}

/// The process's standard output, a line at a time. A reader that went away does not stop the server.
package struct StandardOutput: LogOutput {
    private static let oneAtATime = Mutex(())

    package init() {}

    package func write(_ line: String) {
        var rest = Array(line.utf8)[...]
        Self.oneAtATime.withLock { _ in
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { writeBytes(STDOUT_FILENO, $0.baseAddress, $0.count) }
                guard written > 0 || (written < 0 && errno == EINTR) else { return }
                rest = rest.dropFirst(max(0, written))
            }
        }
    }
}

/// `write` is the method's name above.
private let writeBytes: @Sendable (Int32, UnsafeRawPointer?, Int) -> Int = { write($0, $1, $2) }
