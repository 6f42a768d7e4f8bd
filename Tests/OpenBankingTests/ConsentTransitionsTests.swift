import OpenBanking
import Testing

@Suite("Consent transitions")
struct ConsentTransitionsTests {
    /// The whole table: for each status the events that move it, and where to. What is not here is refused, or stays.
    private static let moves: [ConsentStatus: [ConsentEvent: ConsentStatus]] = [
        .awaitingAuthorisation: [.authorise: .authorised, .reject: .rejected, .revoke: .revoked, .expire: .expired],
        .authorised: [.revoke: .revoked, .expire: .expired, .consume: .consumed, .suspend: .suspended],
        .suspended: [.resume: .authorised, .confirm: .authorised, .revoke: .revoked, .expire: .expired],
        .rejected: [:], .revoked: [:], .expired: [:], .consumed: [:],
    ]
    private static let stays: [ConsentStatus: ConsentEvent] = [
        .authorised: .resume, .suspended: .suspend, .rejected: .reject, .revoked: .revoke, .expired: .expire, .consumed: .consume,
    ]
    private static let actors: [ConsentEvent: Set<ConsentActor>] = [
        .authorise: [.customer], .reject: [.customer, .bank], .revoke: [.customer, .partner, .bank], .expire: [.system], .consume: [.system],
        .suspend: [.bank], .resume: [.bank], .confirm: [.customer],
    ]

    @Test(arguments: ConsentStatus.allCases, ConsentEvent.allCases)
    func `each status answers each event`(status: ConsentStatus, event: ConsentEvent) {
        let expected: ConsentTransition =
            if let target = Self.moves[status]?[event] { .moves(to: target) } else if Self.stays[status] == event { .stays } else { .refused(.status) }

        #expect(status.transition(on: event) == expected)
    }

    @Test(arguments: ConsentEvent.allCases, ConsentActor.allCases)
    func `an event is refused from an actor whose decision it is not`(event: ConsentEvent, actor: ConsentActor) {
        for status in ConsentStatus.allCases {
            let allowed = Self.actors[event]?.contains(actor) ?? false
            #expect(status.transition(on: event, by: actor) == (allowed ? status.transition(on: event) : .refused(.actor)))
        }
    }

    @Test(arguments: ConsentStatus.allCases.filter(\.isFinal), ConsentEvent.allCases)
    func `nothing leads out of a final status`(status: ConsentStatus, event: ConsentEvent) {
        if case .moves = status.transition(on: event) { Issue.record("\(status) moves on \(event)") }
    }

    @Test func `only the customer ever brings a consent into force`() {
        for actor in ConsentActor.allCases where actor != .customer {
            #expect(ConsentStatus.awaitingAuthorisation.transition(on: .authorise, by: actor) == .refused(.actor))
        }
    }

    @Test func `the statuses an event leads out of are those of the table`() {
        #expect(Set(ConsentStatus.leaving(on: .expire)) == [.awaitingAuthorisation, .authorised, .suspended])
        #expect(ConsentStatus.leaving(on: .authorise) == [.awaitingAuthorisation])
    }
}
