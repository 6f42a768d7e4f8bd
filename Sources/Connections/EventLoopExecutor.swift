internal import NIOCore
internal import Synchronization

/// Runs a connection's tasks on the thread that reads and writes its socket. A request then never changes threads, unless it waits for something: the change,
/// with its wake-up of a sleeping thread, costs as much as a small request's own work.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    private init(_ loop: any EventLoop) { self.loop = loop }

    /// One for each loop: it must outlive every task that runs on it.
    static func of(_ loop: any EventLoop) -> EventLoopExecutor {
        all.withLock { all in
            let known = all[ObjectIdentifier(loop)] ?? EventLoopExecutor(loop)
            all[ObjectIdentifier(loop)] = known
            return known
        }
    }

    private static let all = Mutex<[ObjectIdentifier: EventLoopExecutor]>([:])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
