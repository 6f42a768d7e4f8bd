internal import Foundation
internal import Storage

extension ConnectionPool {
    /// Answers reads with one exchange.
    func read(_ reads: ArraySlice<Waiting<SQL>>, on session: PostgresSession) {
        let place = place(in: \.reads, for: session)
        let reads = refusingLate(reads)
        answer(reads) { try session.read(reads.lazy.map(\.content)) }
        place.end()
    }

    /// - Parameter read: gives the rows of those that went well. The others run again, each by itself.
    func answer(_ reads: ArraySlice<Waiting<SQL>>, with read: () throws -> [[Row]]) {
        do {
            let rows = try read()
            for (read, rows) in zip(reads, rows) { read.answer.resume(returning: rows) }
            runApart(reads.dropFirst(rows.count)) { try $0.read($1) }
        } catch {
            for read in reads { read.answer.resume(throwing: error) }
        }
    }

    /// Commits writes with one exchange.
    func commit(_ writes: ArraySlice<Waiting<SingleWrite>>, on session: PostgresSession) {
        let place = place(in: \.writes, for: session)
        let writes = refusingLate(writes)
        do {
            let rows = try session.commit(writes.map(\.content))
            for (write, rows) in zip(writes, rows) { write.answer.resume(returning: rows) }
        } catch is PostgresFailure {
            runApart(writes) { try $0.commit($1) }
        } catch {
            for write in writes { write.answer.resume(throwing: error) }
        }
        place.end()
    }

    /// - Parameter waiting: in the order in which it came.
    private func refusingLate<Content>(_ waiting: ArraySlice<Waiting<Content>>) -> ArraySlice<Waiting<Content>> {
        let earliest = ContinuousClock.now - Self.longestWait
        let late = waiting.prefix { $0.enteredAt < earliest }
        for waiting in late { waiting.answer.resume(throwing: Self.cameTooLate) }
        return waiting.dropFirst(late.count)
    }

    /// What did not go well with others is a job each, so that one that fails or waits keeps none of the others.
    private func runApart<Content>(_ waiting: ArraySlice<Waiting<Content>>, by work: @escaping (PostgresSession, Content) throws -> [Row]) {
        guard !waiting.isEmpty else { return }
        lock.lock()
        let isRefused = isClosed
        if !isRefused {
            for waiting in waiting {
                jobs.append(
                    Job(
                        run: { session in waiting.answer.resume(with: Result { try work(session, waiting.content) }) },
                        refuse: { waiting.answer.resume(throwing: $0) }))
                wake()
            }
        }
        lock.unlock()
        if isRefused { for waiting in waiting { waiting.answer.resume(throwing: Self.isClosedNow) } }
    }

    /// - Returns: one that is left when the server takes long, too.
    private func place<Content>(in gathering: ReferenceWritableKeyPath<ConnectionPool, Gathering<Content>>, for session: PostgresSession) -> Place {
        let place = Place { [self] isHeldUp in
            session.ifHeldUp = nil
            lock.lock()
            self[keyPath: gathering].end()
            if isHeldUp, self[keyPath: gathering].callsThread() { wake() }
            lock.unlock()
        }
        session.ifHeldUp = place.leave
        return place
    }
}
