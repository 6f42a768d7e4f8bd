#if canImport(Glibc)
    internal import Glibc
#endif

/// What the allocator keeps for this process.
enum Allocator {
    /// glibc makes up to eight heaps for each processor, and what is freed in one serves no thread of another: a third of the memory after some hundred thousand
    /// requests was held so. Two for each keep threads from waiting for each other. And once a large block was freed it takes the next one of that size from a
    /// heap, and keeps it: the 20 MB that one password's hash takes would stay. An operator's `MALLOC_ARENA_MAX` and `MALLOC_MMAP_THRESHOLD_` stay.
    static func configure(environment: [String: String]) {
        #if canImport(Glibc)
            guard let mallopt = function("mallopt", as: (@convention(c) (CInt, CInt) -> CInt).self) else { return }
            // Refused: as it was before.
            if environment["MALLOC_ARENA_MAX"] == nil { _ = mallopt(arenaMax, 2 * CInt(clamping: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))) }
            if environment["MALLOC_MMAP_THRESHOLD_"] == nil { _ = mallopt(mapThreshold, 1 << 20) }
        #endif
    }

    /// Returns to the system what was freed: the first start migrates and seeds, and kept 40 MB of that; and what moves thousands of records at once takes
    /// megabytes for a moment, in between of what stays.
    static func giveBack() {
        #if canImport(Glibc)
            guard let trim = function("malloc_trim", as: (@convention(c) (Int) -> CInt).self) else { return }
            _ = trim(0)
        #endif
    }

    #if canImport(Glibc)
        /// `M_ARENA_MAX`
        private static let arenaMax: CInt = -8
        /// `M_MMAP_THRESHOLD`
        private static let mapThreshold: CInt = -3

        /// Swift's module of glibc leaves malloc.h out.
        private static func function<Function>(_ name: String, as type: Function.Type) -> Function? {
            dlsym(nil, name).map { unsafeBitCast($0, to: type) }
        }
    #endif
}
