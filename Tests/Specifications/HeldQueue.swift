import Applications
import Consents
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing

/// Payments and files that wait for the staff: copies of one of each, in the order in which they came. Scenarios were first.
struct HeldQueue {
    let payments: [String]
    let files: [String]
    let scenarios: [String]

    init(_ server: TestServer, payments: Int, files: Int, scenarios: Int) async throws {
        let app = try await server.payingApp()
        let (consent, token) = try await server.approved(Bill(amount: "1.00"), for: app)
        let payment = try #require(try await server.pay(Bill(amount: "1.00"), under: consent, token: token, scenario: "held").json["id"] as? String)
        let (file, another, _) = try await server.approved(BulkFile(), for: app)
        func ids(_ prefix: String, _ range: Range<Int>) -> [String] { range.map { "\(prefix)_\(10_000 + $0)" } }
        self.scenarios = ids("pay", 0..<scenarios)
        self.payments = ids("pay", 1_000..<(1_000 + payments))
        self.files = ids("blk", 0..<files)
        let now = server.clock.now
        try await server.database.write { [scenarios = self.scenarios, payments = self.payments, files = self.files] tx in
            let person = try #require(try Consents().find(ConsentID(trusted: another), in: tx)?.personID)
            let new = NewBulkExecution(of: BulkPaymentID(trusted: file), appID: app.app.id, personID: person, consentID: ConsentID(trusted: another))
            let bulk = try #require(try BulkPaymentBooks().receive(new, at: now, in: tx))
            for (index, id) in (scenarios + payments).enumerated() {
                let isScenario = index < scenarios.count
                try tx.execute(Self.copy(of: payment, as: id, scenario: isScenario ? "held" : nil, .held))
            }
            for id in files { try tx.execute(Self.copy(of: bulk.id.rawValue, as: id)) }
            try tx.execute("UPDATE payment SET status = \(PaymentStatus.rejected) WHERE id = \(payment)")
        }
    }

    private static func copy(of payment: String, as id: String, scenario: String?, _ status: PaymentStatus) -> SQL {
        """
        INSERT INTO payment (id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
                             creditor_account, reference, hold_id, status, reason, created_at, changed_at, settles_at, scenario)
        SELECT \(id), kind, app_id, organisation_id, \(id), person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account, reference,
               hold_id, \(status), reason, created_at, changed_at, settles_at, \(scenario)
        FROM payment
        WHERE id = \(payment)
        """
    }

    private static func copy(of bulk: String, as id: String) -> SQL {
        """
        INSERT INTO bulk_payment (id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id,
                                  world, debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at)
        SELECT \(id), app_id, organisation_id, \(id), format, digest, reference, line_count, total, currency, created_at, person_id, world,
               debtor_account_id, hold_id, \(PaymentStatus.held), reason, received_at, changed_at, settles_at
        FROM bulk_payment
        WHERE id = \(bulk)
        """
    }
}
