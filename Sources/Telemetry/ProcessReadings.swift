#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension PrometheusRegistry {
    /// What the operating system knows of this process.
    public func observeProcess() {
        observe("process_cpu_seconds_total", .counter, help: "Processor time of the process, user and system.") {
            var usage = rusage()
            #if canImport(Glibc)
                getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            #else
                getrusage(RUSAGE_SELF, &usage)
            #endif
            return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        }
        observe("process_resident_memory_bytes", .gauge, help: "Resident memory of the process.") {
            residentPages().map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
        }
    }
}

/// The second field of `/proc/self/statm`; nothing where there is no such file.
private func residentPages() -> Double? {
    guard let file = fopen("/proc/self/statm", "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
    let fields = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? Double(fields[1]) : nil
}
