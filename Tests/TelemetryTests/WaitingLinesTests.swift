import Dispatch
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@testable import Telemetry

@Suite("Lines on their way out")
struct WaitingLinesTests {
    /// Takes lines once it is told to go on, as often as it is told.
    private final class Reader: Sendable {
        let text = Mutex("")
        let isAsked = DispatchSemaphore(value: 0)
        let goesOn = DispatchSemaphore(value: 0)

        func take(_ bytes: [UInt8]) -> Int {
            isAsked.signal()
            goesOn.wait()
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
            return bytes.count
        }
    }

    private func lines(most: Int, to reader: Reader) -> WaitingLines {
        WaitingLines(most: most, note: { Array("(\($0) dropped)\n".utf8) }) { reader.take($0) }
    }

    @Test func `a reader that stalls holds up nobody, and what was dropped meanwhile is counted and told in its place`() {
        let reader = Reader()
        let lines = lines(most: 10, to: reader)

        lines.add(Array("first\n".utf8), isUrgent: true)
        reader.isAsked.wait()
        for index in 1...9 { lines.add(Array("\(index)\n".utf8), isUrgent: index == 3 || index == 7) }
        for _ in 1...3 { reader.goesOn.signal() }
        lines.finish(within: .seconds(60))
        lines.add(Array("after\n".utf8), isUrgent: false)
        lines.finish(within: .seconds(60))

        #expect(reader.text.withLock { $0 } == "first\n1\n2\n3\n4\n5\n(4 dropped)\nafter\n")
        #expect(lines.linesLost == 4)
    }

    @Test func `an end waits no longer than it was told for a reader that stalls`() {
        let reader = Reader()
        let lines = lines(most: 100, to: reader)
        lines.add(Array("line\n".utf8), isUrgent: true)

        lines.finish(within: .milliseconds(20))

        #expect(reader.text.withLock { $0 }.isEmpty)
        reader.goesOn.signal()
        lines.finish(within: .seconds(60))
        #expect(reader.text.withLock { $0 } == "line\n")
    }

    @Test func `lines leave in the order in which each of many wrote them`() {
        let text = Mutex("")
        let lines = WaitingLines(most: 1 << 20, note: { _ in [] }) { bytes in
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
            return bytes.count
        }

        DispatchQueue.concurrentPerform(iterations: 4) { writer in
            for index in 0..<1_000 { lines.add(Array("\(writer) \(index)\n".utf8), isUrgent: index % 100 == 0) }
        }
        lines.finish(within: .seconds(60))

        let written = text.withLock { $0 }.split(separator: "\n")
        for writer in 0..<4 { #expect(written.filter { $0.hasPrefix("\(writer) ") } == (0..<1_000).map { "\(writer) \($0)" }) }
        #expect(lines.linesLost == 0)
    }

    @Test func `what a reader that went away does not take is counted`() {
        let lines = WaitingLines(most: 100, note: { _ in [] }) { _ in 0 }

        for line in ["one\n", "two\n"] { lines.add(Array(line.utf8), isUrgent: false) }
        lines.finish(within: .seconds(60))

        #expect(lines.linesLost == 2)
    }
}

@Suite("What bytes go to")
struct OutputDescriptorTests {
    private func pipeEnds() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func `a pipe that is full and does not block gets everything once it is read`() throws {
        let (reading, writing) = try pipeEnds()
        try #require(fcntl(writing, F_SETFL, O_NONBLOCK) == 0)
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

        DispatchQueue(label: "writer").async {
            _ = OutputDescriptor(number: writing).write(bytes)
            close(writing)
        }
        var arrived: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(reading, &chunk, chunk.count), count > 0 { arrived += chunk[..<count] }
        close(reading)

        #expect(arrived == bytes)
    }

    @Test func `a reader that went away ends it`() throws {
        let (reading, writing) = try pipeEnds()
        signal(SIGPIPE, SIG_IGN)
        close(reading)

        let left = OutputDescriptor(number: writing).write([1, 2, 3])
        close(writing)

        #expect(left == 0)
    }
}
