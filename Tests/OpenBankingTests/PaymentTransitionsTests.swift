import OpenBanking
import Testing

@Suite("Payment statuses")
struct PaymentTransitionsTests {
    /// Every pair that moves; whatever is not here stays or is refused.
    private static let moves: [PaymentStatus: [PaymentEvent: PaymentStatus]] = [
        .scheduled: [.execute: .received, .reject: .rejected, .cancel: .cancelled],
        .received: [.hold: .held, .block: .blocked, .accept: .accepted, .reject: .rejected],
        .held: [.block: .blocked, .accept: .accepted, .reject: .rejected, .cancel: .cancelled],
        .blocked: [.accept: .accepted, .reject: .rejected],
        .accepted: [.settle: .settled, .reject: .rejected],
    ]

    @Test(arguments: PaymentStatus.allCases, PaymentEvent.allCases)
    func `each status answers each event as the table says`(status: PaymentStatus, event: PaymentEvent) {
        let repeated: [PaymentStatus: PaymentEvent] = [
            .received: .execute, .held: .hold, .blocked: .block, .accepted: .accept, .settled: .settle, .rejected: .reject, .cancelled: .cancel,
        ]

        switch status.transition(on: event) {
        case .moves(let next): #expect(Self.moves[status]?[event] == next)
        case .stays: #expect(repeated[status] == event)
        case .refused: #expect(Self.moves[status]?[event] == nil && repeated[status] != event)
        }
    }

    @Test(arguments: [PaymentStatus.held, .blocked], [PaymentEvent.accept, .reject])
    func `what was stopped for a look, only the bank's staff moves`(status: PaymentStatus, event: PaymentEvent) {
        #expect(status.transition(on: event, by: .system) == .refused)
        #expect(status.transition(on: event, by: .partner) == .refused)
        #expect(status.transition(on: event, by: .bank) != .refused)
    }

    @Test(arguments: [PaymentActor.partner, .customer], PaymentStatus.allCases)
    func `who ordered or pays a payment may cancel it, and move it in no other way`(actor: PaymentActor, status: PaymentStatus) {
        for event in PaymentEvent.allCases where event != .cancel { #expect(status.transition(on: event, by: actor) == .refused) }
        #expect(status.transition(on: .cancel, by: actor) == status.transition(on: .cancel))
    }

    @Test(arguments: PaymentStatus.allCases) func `the program cancels nothing by itself`(status: PaymentStatus) {
        #expect(status.transition(on: .cancel, by: .system) == .refused)
    }

    @Test func `nothing leads out of a final status`() {
        for status in PaymentStatus.allCases where status.isFinal {
            for event in PaymentEvent.allCases {
                if case .moves = status.transition(on: event) { Issue.record("\(status) moves on \(event)") }
            }
        }
    }

    @Test func `each status has an ISO 20022 code of its own`() {
        #expect(Set(PaymentStatus.allCases.map(\.iso20022)).count == PaymentStatus.allCases.count)
    }
}
