import Bank
import Primitives
import Storage
import TestSupport
import Testing

@testable import Composition

@Suite("Pending transactions whose time has come, on both engines")
struct PendingTransactionsTests {
    @Test(arguments: Engine.available) func `all are booked in one go, however many wait`(engine: Engine) async throws {
        try await TestServer.run(engine, demo: false) { server in
            let (world, account, now) = (OrganisationID(trusted: "org_nairobi"), AccountID(trusted: "acc_everyday"), server.clock.now)
            try await server.database.write { tx in
                try Books().open(world, at: now, in: tx)
                _ = try Accounts().open(
                    NewAccount(
                        id: account, world: world, holders: [AccountHolder(person: nil, name: "Amina Hassan")], name: "Everyday account",
                        product: "Wekeza Everyday", kind: .current, currency: .kes, number: "0100-200300", openedAt: now - .days(400)), in: tx)
                for number in 0...201 {
                    let hold = Hold(
                        id: TransactionID(trusted: "txn_\(number)"), account: account, amount: Money(minorUnits: 100, currency: .kes), madeAt: now - .days(1),
                        settlesAt: number == 0 ? now + .seconds(1) : now, narrative: Narrative("Cheque", category: .other, channel: .bank))
                    try Books().hold(hold, in: tx).get()
                }
            }

            try await server.platform.bookPendingTransactions()

            let (booked, waiting) = try await server.database.read { tx in
                (
                    try Accounts().balance(of: account, at: now, in: tx)?.booked,
                    try tx.all("SELECT id FROM hold WHERE state = \(HoldState.pending)").map { try $0["id"] as TransactionID }
                )
            }
            #expect(booked == Money(minorUnits: 201_00, currency: .kes))
            #expect(waiting == [TransactionID(trusted: "txn_0")])
        }
    }
}
