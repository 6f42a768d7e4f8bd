import OpenBanking
import Payments
import Primitives
import Storage
import Testing
import TestSupport

/// Payments, draws within a limit, decisions of the staff, reversals, settlements, withdrawals, expiry, closed and frozen accounts, cards, processes that stop between the two
/// transactions and transactions that fail behind their writes, in an order that a seed draws.
@Suite("Whatever happens to payments, on both engines")
struct PaymentPropertiesTests {
    @Test(arguments: Engine.available, [1, 2, 3, 4, 5, 6] as [UInt64]) func `one after another, the books are right at each look`(
        engine: Engine, seed: UInt64
    ) async throws {
        try await BusyBank.run(engine, seed: seed) { bank in
            try await look(atLeast: 4, bank) { look in try await bank.live(through: 100, seed: seed * 100 + look) }
            report(bank, engine, "one after another", seed)
        }
    }

    @Test(arguments: Engine.available, [7, 8, 9, 10] as [UInt64]) func `eight at once, the books are right at each look`(
        engine: Engine, seed: UInt64
    ) async throws {
        try await BusyBank.run(engine, seed: seed) { bank in
            try await look(atLeast: 3, bank) { look in
                try await withThrowingTaskGroup { group in
                    for task in 0..<8 as Range<UInt64> {
                        group.addTask { try await bank.live(through: 40, seed: seed * 1000 + look * 8 + task) }
                    }
                    try await group.waitForAll()
                }
            }
            report(bank, engine, "eight at once", seed)
        }
    }

    /// Lives and looks so often, and on until everything was met: requests sent at once end in another order each time, so that the seed alone does not tell.
    private func look(atLeast looks: UInt64, _ bank: BusyBank, _ live: (UInt64) async throws -> Void) async throws {
        for look in 0..<20 as Range<UInt64> where look < looks || !Self.met.allSatisfy({ bank.told.counts[$0, default: 0] > 0 }) {
            try await live(look)
            try await bank.expectTruths()
        }
    }

    private static let met = [
        "answered", "drawn", "refused: beyond the consent", "refused: insufficient funds", "refused: consent consumed",
        "refused: creditor's account in another currency",
        "stopped before the decision", "failed in the first transaction",
        "failed in the second transaction", "released", "rejected by staff", "cancelled", "reversed", "withdrawn", "taken by card", "made frozen",
    ]

    /// What the run has met; a run that met nothing has shown nothing.
    private func report(_ bank: BusyBank, _ engine: Engine, _ order: String, _ seed: UInt64) {
        let counts = bank.told.counts
        print("payments \(order), \(engine), seed \(seed): " + counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
        for met in Self.met {
            #expect(counts[met, default: 0] > 0, "\(met) with seed \(seed)")
        }
    }
}
