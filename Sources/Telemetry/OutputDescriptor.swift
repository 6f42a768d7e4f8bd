#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file, a pipe or a terminal that bytes go to.
struct OutputDescriptor: Sendable {
    let number: Int32

    /// Waits for a reader that is slow, however long, also where another process that shares the descriptor has made it one that does not block.
    /// - Returns: how many bytes left: all, unless the reader went away or the disk is full.
    func write(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var left = 0
            while left < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[left...])
                let written = writeBytes(number, rest.baseAddress, rest.count)
                guard written > 0 || (written < 0 && canGoOn(after: errno)) else { return left }
                left += max(0, written)
            }
            return left
        }
    }

    private func canGoOn(after failure: Int32) -> Bool {
        switch failure {
        case EINTR: return true
        case EAGAIN:
            // Whatever ends the wait, the next attempt says what it was.
            var wanted = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
            _ = poll(&wanted, 1, -1)
            return true
        default: return false
        }
    }
}

/// `write` is the method's name above.
private let writeBytes: @Sendable (Int32, UnsafeRawPointer?, Int) -> Int = { write($0, $1, $2) }
