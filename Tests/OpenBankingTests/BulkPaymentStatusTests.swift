import OpenBanking
import Testing

@Suite("Where a bulk payment stands")
struct BulkPaymentStatusTests {
    @Test(arguments: [
        (ConsentStatus.awaitingAuthorisation, "ACTC"), (.authorised, "ACCP"), (.suspended, "PDNG"), (.rejected, "RJCT"), (.revoked, "RJCT"), (.expired, "RJCT"),
    ])
    func `before its execution it stands as its consent does`(consent: ConsentStatus, code: String) {
        let status = BulkPaymentStatus(nil, consent: consent)

        #expect(status.rawValue == consent.rawValue && status.iso20022() == code)
    }

    @Test(arguments: PaymentStatus.allCases) func `then as a payment does, and partly settled is told apart`(payment: PaymentStatus) {
        let status = BulkPaymentStatus(payment, consent: .consumed)

        #expect(status.rawValue == payment.rawValue && status.iso20022() == payment.iso20022)
        #expect(status.iso20022(isPartial: true) == (payment == .settled ? "PART" : payment.iso20022))
    }
}
