#if canImport(Glibc)
    internal import Glibc
#endif

/// The heaps that the allocator keeps for this process's threads.
enum MemoryArenas {
    /// glibc makes up to eight for each processor, and what is freed in one serves no thread of another: a third of the memory after some hundred thousand
    /// requests was held so. Two for each keep threads from waiting for each other. An operator's `MALLOC_ARENA_MAX` stays.
    static func limit(environment: [String: String]) {
        #if canImport(Glibc)
            // Swift's module of glibc leaves malloc.h out.
            guard environment["MALLOC_ARENA_MAX"] == nil, let symbol = dlsym(nil, "mallopt") else { return }
            let mallopt = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
            _ = mallopt(arenaMax, 2 * CInt(clamping: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))  // refused: as many as before
        #endif
    }

    #if canImport(Glibc)
        /// `M_ARENA_MAX`
        private static let arenaMax: CInt = -8
    #endif
}
