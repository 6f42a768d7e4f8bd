internal import AccessTokens
internal import Applications
internal import AuthorizationServer
internal import Bank
internal import Consents
internal import Gateway
internal import Identity
internal import Mail
internal import Metering
internal import Payments
internal import Portal
internal import Primitives
public import ServiceLifecycle
internal import Storage

extension Platform {
    /// The work beside requests: each ends, flushed, when the process is asked to stop.
    public var jobs: [any Service] {
        let payments = Sightings<PaymentID>(lasting: PaymentBooks.watch)
        let bulkPayments = Sightings<BulkPaymentID>(lasting: PaymentBooks.watch)
        return [
            // The last to stop: others' last work may send mail.
            Loop {
                try? await gracefulShutdown()
            } last: { [outgoing] in
                await outgoing.finish()
            },
            Loop { [feed] in await feed.run() },
            Loop { [recorder] in
                await recorder.run()
            } last: { [recorder] in
                try await recorder.flush()
            },
            Loop { [quotas] in await quotas.run() },
            PeriodicJob("secrets last used", every: .seconds(20)) { [secretUse] in
                try await secretUse.flush()
            } last: { [secretUse] in
                try await secretUse.flush()
            },
            PeriodicJob("expired consents", every: .seconds(30)) { try await expireConsents() },
            PeriodicJob("pending transactions", every: .seconds(60)) { try await bookPendingTransactions() },
            PeriodicJob("payments", every: .seconds(1)) { try await settlePayments(seen: payments) },
            PeriodicJob("scheduled payments", every: .seconds(1)) { try await makePayments() },
            PeriodicJob("bulk payments", every: .seconds(1)) { try await settleBulkPayments(seen: bulkPayments) },
            PeriodicJob("signing keys", every: .seconds(60)) { [keys, bench, configuration] in
                try await keys.rotateWhenDue(lifetime: configuration.keyLifetime, at: bench.clock.now)
            },
            PeriodicJob("revocation lists", every: .seconds(10)) { [trust, logger = bench.logger] in trust.refresh(logger: logger) },
            PeriodicJob("purge", every: .seconds(600)) { try await purge() },
        ]
    }

    // What waited may take minutes. The clock is read for each batch of it, so that what is written says when it was done.

    /// Stamps consents whose time is over; the gateway refuses them by the clock before.
    private func expireConsents() async throws {
        while try await bench.database.write({ [now = bench.clock.now] in try Consents().expireDue(at: now, in: $0) }) == 200 {}
    }

    /// Books the pending transactions of sandbox worlds whose time has come.
    func bookPendingTransactions() async throws {
        let (database, clock, randomness) = (bench.database, bench.clock, bench.randomness)
        while try await database.write({ [now = clock.now] in try Books().settleDue(at: now, randomness: randomness, in: $0) }) == 100 {}
    }

    /// Settles accepted payments whose time has come, looks at what is held where its scenario says so, and sends to review what a process that died had
    /// received and never decided.
    private func settlePayments(seen sightings: Sightings<PaymentID>) async throws {
        let (database, clock, books) = (bench.database, bench.clock, PaymentBooks(randomness: bench.randomness))
        guard try await database.readOne({ [now = clock.now] in try PaymentRecords().isAnythingDue(at: now, in: $0) }) else { return }
        while try await database.write({ [now = clock.now] in try books.lookDue(at: now, in: $0) }) == 100 {}
        while try await database.write({ [now = clock.now] in try books.settleDue(at: now, in: $0) }) == PaymentBooks.batch {}
        while try await database.write({ [now = clock.now] in try books.interruptAll(at: now, seen: sightings, in: $0) }) == 100 {}
    }

    /// Makes the payments whose day has come, those of standing orders among them.
    private func makePayments() async throws {
        let process = PaymentProcess(database: bench.database, randomness: bench.randomness)
        while try await process.executeDue(by: bench.clock) == 100 {}
    }

    private func settleBulkPayments(seen sightings: Sightings<BulkPaymentID>) async throws {
        let (database, clock, books) = (bench.database, bench.clock, BulkPaymentBooks(randomness: bench.randomness))
        guard try await database.readOne({ [now = clock.now] in try BulkPaymentRecords().isAnythingDue(at: now, in: $0) }) else { return }
        while try await database.write({ [now = clock.now] in try books.settleNext(at: now, in: $0) }) {}
        while try await database.write({ [now = clock.now] in try books.interruptAll(at: now, seen: sightings, in: $0) }) == 100 {}
    }

    /// Removes what can no longer matter.
    private func purge() async throws {
        let (now, database, replays) = (bench.clock.now, bench.database, replays)
        var purges = [
            rows("denied tokens") { try DeniedTokens().purge(expiredBefore: now - WrongClock.memory, limit: $0, in: $1) },
            rows("grants") { try Grants().purge(endedBefore: now - .days(90), limit: $0, in: $1) },
        ]
        purges += AuthorizationPurge.allCases.map { kind in rows(kind.rawValue) { try kind.run(at: now, limit: $0, in: $1) } }
        purges += [
            rows("sessions") { [sessions] in try sessions.purge(expiredBefore: now, limit: $0, in: $1) },
            rows("one-time links") { [randomness = bench.randomness] in
                try OneTimeLinks(randomness: randomness).purge(expiredBefore: now, limit: $0, in: $1)
            },
            rows("counts of sign-ins") { [signIn] in try signIn.purge(at: now, limit: $0, in: $1) },
            rows("enrolments of second factors") { try SecondFactors.purge(at: now, limit: $0, in: $1) },
            rows("quotas") { try Quotas.purge(at: now, limit: $0, in: $1) },
            rows("certificates") { try AppCertificates().purge(at: now, limit: $0, in: $1) },
            rows("software statements") { try AppRegistrations().purge(at: now, limit: $0, in: $1) },
            rows("initial access tokens") { try InitialAccessTokens().purge(endedBefore: now - .days(90), limit: $0, in: $1) },
            rows("invitations") { [randomness = bench.randomness] in
                try Invitations(randomness: randomness).purge(expiredBefore: now - .days(90), limit: $0, in: $1)
            },
            rows("forms of the portal") { try PortalMigrations.purge(before: now - .days(1), limit: $0, in: $1) },
            rows("idempotency keys") { try IdempotencyRecords().purge(at: now, limit: $0, in: $1) },
            rows("bulk payments", limit: 20) { try BulkPaymentRecords().purge(uploadedBefore: now - .days(90), limit: $0, in: $1) },
            Purge("decision records") {
                try await database.write { try DecisionRecords().purge(before: now - .days(90), limit: 100, in: $0) }
            },
            Purge("what was used once") {
                _ = try await replays.purge()
                return false
            },
            Purge("change log") { try await database.purgeChangeLog(at: now, limit: 1000) == 1000 },
        ]
        try await Purge.run(purges)
    }

    /// - Parameter limit: how many rows a transaction removes, so that other writers get in between.
    private func rows(
        _ kind: String, limit: Int = 1000, _ batch: @escaping @Sendable (_ limit: Int, _ tx: any WriteTransaction) throws -> Int
    ) -> Purge {
        Purge(kind) { [database = bench.database] in
            let gone = try await database.write { try batch(limit, $0) }
            return gone == limit
        }
    }
}
