internal import AccessTokens
internal import Applications
internal import AuthorizationServer
internal import Bank
internal import Consents
internal import Gateway
internal import Identity
internal import Metering
internal import Payments
internal import Portal
internal import Primitives
public import ServiceLifecycle
internal import Storage

extension Platform {
    /// The work beside requests: each ends, flushed, when the process is asked to stop.
    public var jobs: [any Service] {
        [
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
            PeriodicJob("pending transactions", every: .seconds(60)) { [bench] in
                let now = bench.clock.now
                _ = try await bench.database.write { try Books().settleDue(at: now, randomness: bench.randomness, in: $0) }
            },
            PeriodicJob("payments", every: .seconds(1)) { try await settlePayments() },
            PeriodicJob("scheduled payments", every: .seconds(1)) { try await makePayments() },
            PeriodicJob("bulk payments", every: .seconds(1)) { try await settleBulkPayments() },
            PeriodicJob("signing keys", every: .seconds(60)) { [keys, bench, configuration] in
                try await keys.rotateWhenDue(lifetime: configuration.keyLifetime, at: bench.clock.now)
            },
            PeriodicJob("revocation lists", every: .seconds(10)) { [trust, logger = bench.logger] in trust.refresh(logger: logger) },
            PeriodicJob("purge", every: .seconds(600)) { try await purge() },
        ]
    }

    /// Stamps consents whose time is over; the gateway refuses them by the clock before.
    private func expireConsents() async throws {
        let now = bench.clock.now
        while try await bench.database.write({ try Consents().expireDue(at: now, in: $0) }) == 200 {}
    }

    /// Settles accepted payments whose time has come, looks at what is held where its scenario says so, and sends to review what a process that died had
    /// received and never decided.
    private func settlePayments() async throws {
        let now = bench.clock.now
        guard try await bench.database.readOne({ try PaymentRecords().isAnythingDue(at: now, in: $0) }) else { return }
        let books = PaymentBooks(randomness: bench.randomness)
        while try await bench.database.write({ try books.lookDue(at: now, in: $0) }) == 100 {}
        while try await bench.database.write({ try books.settleDue(at: now, in: $0) }) == PaymentBooks.batch {}
        while try await bench.database.write({ try books.interruptAll(at: now, in: $0) }) == 100 {}
    }

    /// Makes the payments whose day has come, those of standing orders among them.
    private func makePayments() async throws {
        let now = bench.clock.now
        let process = PaymentProcess(database: bench.database, randomness: bench.randomness)
        while try await process.executeDue(at: now) == 100 {}
    }

    private func settleBulkPayments() async throws {
        let now = bench.clock.now
        let books = BulkPaymentBooks(randomness: bench.randomness)
        guard try await bench.database.readOne({ try BulkPaymentRecords().isAnythingDue(at: now, in: $0) }) else { return }
        while try await bench.database.write({ try books.settleNext(at: now, in: $0) }) {}
        while try await bench.database.write({ try books.interruptAll(at: now, in: $0) }) == 100 {}
    }

    /// Removes what can no longer matter. Each kind in a transaction of its own, so that none waits for another.
    private func purge() async throws {
        let now = bench.clock.now
        let purges: [@Sendable (any WriteTransaction) throws -> Void] = [
            // A clock that ran ahead and is set back makes expired tokens valid again; a revoked one must not be forgotten meanwhile.
            { _ = try DeniedTokens().purge(expiredBefore: now - .hours(3), in: $0) },
            { _ = try Grants().purge(endedBefore: now - .days(90), in: $0) },
            { _ = try AuthorizationPurge().run(at: now, in: $0) },
            { [sessions] in _ = try sessions.purge(expiredBefore: now, in: $0) },
            { [randomness = bench.randomness] in _ = try OneTimeLinks(randomness: randomness).purge(expiredBefore: now, in: $0) },
            { [signIn] in _ = try signIn.purge(at: now, in: $0) },
            { _ = try SecondFactors.purge(at: now, in: $0) },
            { try Quotas.purge(at: now, in: $0) },
            { try AppCertificates().purge(at: now, in: $0) },
            { try AppRegistrations().purge(at: now, in: $0) },
            { try InitialAccessTokens().purge(endedBefore: now - .days(90), in: $0) },
            { try PortalMigrations.purge(before: now - .days(1), in: $0) },
        ]
        for purge in purges { try await bench.database.write { try purge($0) } }
        // As many as calls: by the thousand, so that other writers get in between.
        while try await bench.database.write({ try IdempotencyRecords().purge(at: now, limit: 1000, in: $0) }) == 1000 {}
        while try await bench.database.write({ try BulkPaymentRecords().purge(uploadedBefore: now - .days(90), limit: 20, in: $0) }) == 20 {}
        while try await bench.database.write({ try DecisionRecords().purge(before: now - .days(90), limit: 100, in: $0) }) {}
        _ = try await replays.purge()
        try await bench.database.purgeChangeLog(at: now)
    }
}
