import Mail
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("Mail behind the answer")
struct OutgoingMailTests {
    /// Fails as it is told to, then hands on, and says after each attempt whether the mail left.
    private final class Relay: Mailer {
        private let failures: Mutex<[MailFailure]>
        private let next: any Mailer
        private let tried: AsyncStream<Bool>.Continuation
        let attempts: AsyncStream<Bool>

        init(failing failures: [MailFailure] = [], then next: any Mailer) {
            self.failures = Mutex(failures)
            self.next = next
            (attempts, tried) = AsyncStream.makeStream()
        }

        func send(_ mail: Message) async throws {
            do {
                if let failure = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
                try await next.send(mail)
            } catch {
                tried.yield(false)
                throw error
            }
            tried.yield(true)
        }

        func outcomes(_ count: Int) async -> [Bool] {
            var outcomes: [Bool] = []
            for await outcome in attempts {
                outcomes.append(outcome)
                if outcomes.count == count { break }
            }
            return outcomes
        }
    }

    /// Holds up whoever waits for it until it is opened.
    private struct Gate {
        private let stream: AsyncStream<Void>
        private let opening: AsyncStream<Void>.Continuation

        init() { (stream, opening) = AsyncStream.makeStream() }

        func open() { opening.finish() }
        func waiting() -> Task<Void, Never> { Task { [stream] in for await _ in stream {} } }
    }

    private let now = ManualClock().now
    private let busy = MailFailure.notYet(reason: "busy")

    private func message(to: String = "nekesa@example.com") -> Message { Message(to: to, subject: "Choose a new password", text: "", sentAt: now) }

    @Test
    func `a mail whose host says 451 once is delivered`() async throws {
        let server = try SMTPServer(fault: .isBusyOnce)
        defer { server.stop() }
        let settings = try #require(SMTPSettings(url: "smtp://127.0.0.1:\(server.port)", from: "no-reply@wekeza.example"))
        let relay = Relay(then: SMTPMailer(settings: settings))
        let outgoing = OutgoingMail(mailer: relay, logger: .quiet, pauses: [.zero])

        outgoing.send(message())
        let outcomes = await relay.outcomes(2)

        #expect(outcomes == [false, true])
        #expect(server.deliveries.count == 1)
    }

    @Test
    func `a mail is given up after its last attempt`() async {
        let mailbox = MemoryMailbox()
        let relay = Relay(failing: [busy, busy, busy, busy], then: mailbox)
        let outgoing = OutgoingMail(mailer: relay, logger: .quiet, pauses: [.zero, .zero, .zero])

        outgoing.send(message())
        let outcomes = await relay.outcomes(4)
        await outgoing.finish(within: .seconds(60))

        #expect(outcomes == [false, false, false, false])
        #expect(mailbox.messages.isEmpty)
    }

    @Test
    func `a mail that is refused is not tried again`() async {
        let mailbox = MemoryMailbox()
        let relay = Relay(failing: [.notSent(reason: "refused")], then: mailbox)
        let outgoing = OutgoingMail(mailer: relay, logger: .quiet, pauses: [.zero, .zero, .zero])

        outgoing.send(message())
        let outcomes = await relay.outcomes(1)
        await outgoing.finish(within: .seconds(60))

        #expect(outcomes == [false])
        #expect(mailbox.messages.isEmpty)
    }

    @Test
    func `a stop sends what waits for its next attempt`() async {
        let mailbox = MemoryMailbox()
        let relay = Relay(failing: [busy], then: mailbox)
        let outgoing = OutgoingMail(mailer: relay, logger: .quiet, pauses: [.seconds(3600)])

        outgoing.send(message())
        _ = await relay.outcomes(1)
        await outgoing.finish(within: .seconds(60))

        #expect(mailbox.messages.map(\.to) == ["nekesa@example.com"])
    }

    @Test
    func `a stop does not wait for a mail that takes too long`() async {
        let gate = Gate()
        let held = gate.waiting()
        let outgoing = OutgoingMail(mailer: MemoryMailbox(), logger: .quiet)

        outgoing.send { [message = message()] in
            await held.value
            return message
        }
        await outgoing.finish(within: .milliseconds(1))

        gate.open()
    }

    @Test
    func `what people asked for themselves passes a flood of what others send`() async throws {
        let mailbox = MemoryMailbox(capacity: 1000)
        let gate = Gate()
        let held = gate.waiting()
        let outgoing = OutgoingMail(mailer: mailbox, logger: .quiet)

        for index in 0..<250 {
            outgoing.send(askedBy: .somebodyElse) { [invitation = message(to: "guest\(index)@example.com")] in
                await held.value
                return invitation
            }
        }
        outgoing.send(message())
        gate.open()
        await outgoing.finish(within: .seconds(60))

        let order = mailbox.messages.reversed().map(\.to)
        #expect(order.count == 201)
        let place = try #require(order.firstIndex(of: "nekesa@example.com"))
        #expect(place < 100)
    }
}
