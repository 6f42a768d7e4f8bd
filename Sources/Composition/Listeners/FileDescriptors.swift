#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How many files and sockets this process may have open.
enum FileDescriptors {
    /// What the databases, the log, mail and outgoing calls need beside the public connections.
    private static let reserve = 150
    private static let mostConnections = 50_000

    /// How many public connections this process can hold without running out of descriptors, which would end it.
    static var connections: Int { max(16, min(limit - reserve, mostConnections)) }

    private static var limit: Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// How far a start can raise it.
    static var hardLimit: Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_max)
    }

    /// Raises the limit as far as the system lets this process: a process that runs out of descriptors cannot accept, log or even read its own state.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)  // refused: the old limit stays
    }

    #if canImport(Glibc)
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let resource = RLIMIT_NOFILE
    #endif
}
