import Foundation
import Mail
import Primitives
import TestSupport
import Testing

@Suite("Mail over SMTP")
struct SMTPMailerTests {
    private let now = ManualClock().now

    private func message(
        to: String = "nekesa@example.com", subject: String = "Confirm your email", text: String = "Follow this link:\nhttps://wekeza.example/c/abc\n"
    ) -> Message {
        Message(to: to, subject: subject, text: text, sentAt: now)
    }

    private func withServer(_ fault: SMTPServer.Fault = .none, _ body: (SMTPServer, SMTPMailer) async throws -> Void) async throws {
        let server = try SMTPServer(fault: fault)
        defer { server.stop() }
        var settings = try #require(SMTPSettings(url: "smtp://127.0.0.1:\(server.port)", from: "no-reply@wekeza.example"))
        settings.timeout = 2
        try await body(server, SMTPMailer(settings: settings, randomness: SeededRandom(1)))
    }

    @Test
    func `a mail arrives with its headers and its text`() async throws {
        try await withServer { server, mailer in
            try await mailer.send(message())

            let delivery = try #require(server.deliveries.first)
            #expect(server.deliveries.count == 1)
            #expect(delivery.sender.hasPrefix("MAIL FROM:<no-reply@wekeza.example>"))
            #expect(delivery.recipients.map { $0.prefix(28) } == ["RCPT TO:<nekesa@example.com>"])
            #expect(delivery.lines.contains("From: Wekeza Open Platform <no-reply@wekeza.example>"))
            #expect(delivery.lines.contains("To: <nekesa@example.com>"))
            #expect(delivery.lines.contains("Subject: Confirm your email"))
            #expect(delivery.lines.contains("Date: Sat, 21 Nov 2026 06:00:00 +0000"))
            #expect(delivery.lines.contains("Content-Type: text/plain; charset=utf-8"))
            #expect(delivery.lines.contains { $0.hasPrefix("Message-ID: <") && $0.hasSuffix("@wekeza.example>") })
            let body = delivery.lines.drop { !$0.isEmpty }.dropFirst()
            #expect(body.starts(with: ["Follow this link:", "https://wekeza.example/c/abc"]))
        }
    }

    @Test(arguments: ["amina.traveler@example.test", "x@wekeza.TEST"])
    func `RFC 6761 §6-2 what is for an address below test goes nowhere`(address: String) async throws {
        try await withServer { server, mailer in
            try await mailer.send(message(to: address))
            try await mailer.send(message(to: "nekesa@latest.example"))

            #expect(server.deliveries.count == 1)
        }
    }

    @Test
    func `other scripts travel encoded and arrive whole`() async throws {
        try await withServer { server, mailer in
            let subject = "Karibu Wanjikũ — uthibitisho wa anwani yako ya barua pepe 🦒🦒🦒🦒"
            let text = "Habari Wanjikũ,\n\nBofya: https://wekeza.example/c/ñ\n"

            try await mailer.send(message(subject: subject, text: text))

            let lines = try #require(server.deliveries.first).lines
            #expect(lines.allSatisfy { $0.utf8.count <= 100 && $0.utf8.allSatisfy { $0 < 128 } })
            let words = lines.joined(separator: "\n").split(separator: "=?utf-8?B?").dropFirst().map { $0.prefix { $0 != "?" } }
            #expect(words.map { Data(base64Encoded: String($0)).map { String(decoding: $0, as: UTF8.self) } ?? "" }.joined() == subject)
            let headerEnd = try #require(lines.firstIndex(of: ""))
            let body: String = lines[(headerEnd + 1)...].joined(separator: "")
            let decoded = try #require(Data(base64Encoded: body))
            #expect(String(decoding: decoded, as: UTF8.self) == text)
        }
    }

    @Test
    func `lines that begin with dots, and very many of them, arrive as they were`() async throws {
        try await withServer { server, mailer in
            let sent = [".", "..", ".hidden", "end"] + (1...2000).map { "line \($0)" }

            try await mailer.send(message(text: sent.joined(separator: "\n")))

            let body = try #require(server.deliveries.first).lines.drop { !$0.isEmpty }.dropFirst()
            #expect(Array(body.prefix(sent.count)) == sent)
        }
    }

    @Test(arguments: [
        "nekesa@example.com\r\nBcc: everybody@example.com", "nekesa@example.com>\nRCPT TO:<x@y.z", "", "nekesa", "a@b@c", "a b@example.com", "<a@example.com>",
        "a@example.com,b@example.com",
    ])
    func `an address that would break out of its line is refused before anything is sent`(address: String) async throws {
        try await withServer { server, mailer in
            await #expect(throws: MailFailure.unsafeHeader) { try await mailer.send(message(to: address)) }

            #expect(server.commands.isEmpty)
        }
    }

    @Test(arguments: ["Hello\r\nBcc: everybody@example.com", "Hello\nX: y", "Hello\u{0}", "Hello\u{2028}"])
    func `a subject of several lines is refused`(subject: String) async throws {
        try await withServer { server, mailer in
            await #expect(throws: MailFailure.unsafeHeader) { try await mailer.send(message(subject: subject)) }

            #expect(server.commands.isEmpty)
        }
    }

    @Test
    func `a refused recipient is told, without the address`() async throws {
        try await withServer(.refusesRecipients) { _, mailer in
            let failure = await #expect(throws: MailFailure.self) { try await mailer.send(message()) }

            #expect(failure.map { "\($0)".contains("nekesa") } == false)
        }
    }

    @Test
    func `a host that says nothing is given up after the time limit`() async throws {
        try await withServer(.isSilent) { _, mailer in
            await #expect(throws: MailFailure.self) { try await mailer.send(message()) }
        }
    }

    @Test
    func `a host that is not there is told at once`() async throws {
        let server = try SMTPServer()
        server.stop()
        let settings = try #require(SMTPSettings(url: "smtp://127.0.0.1:\(server.port)", from: "no-reply@wekeza.example"))

        let failure = await #expect(throws: MailFailure.self) { try await SMTPMailer(settings: settings).send(message()) }

        #expect(failure.map(Self.mayPass) == true)
    }

    @Test
    func `RFC 5321 §4-2-1 what may succeed later is told from what is refused`() async throws {
        try await withServer(.isBusyOnce) { _, mailer in
            let failure = await #expect(throws: MailFailure.self) { try await mailer.send(message()) }
            #expect(failure.map(Self.mayPass) == true)
        }
        try await withServer(.refusesRecipients) { _, mailer in
            let failure = await #expect(throws: MailFailure.self) { try await mailer.send(message()) }
            #expect(failure.map(Self.mayPass) == false)
        }
    }

    private static func mayPass(_ failure: MailFailure) -> Bool { if case .notYet = failure { true } else { false } }

    @Test
    func `a relay on this machine is not asked to encrypt, since its certificate proves nothing`() async throws {
        try await withServer(.encryptsBadly) { server, mailer in
            try await mailer.send(message())

            #expect(server.deliveries.count == 1)
            #expect(!server.commands.contains("STARTTLS"))
        }
    }

    @Test
    func `a host elsewhere that offers to encrypt has to`() async throws {
        let server = try SMTPServer(fault: .encryptsBadly)
        defer { server.stop() }
        // Not this machine by its name; it leads here all the same.
        var settings = try #require(SMTPSettings(url: "smtp://127.1:\(server.port)", from: "no-reply@wekeza.example"))
        settings.timeout = 2

        await #expect(throws: MailFailure.self) { try await SMTPMailer(settings: settings).send(message()) }

        #expect(server.deliveries.isEmpty)
    }

    @Test
    func `many mails at once all arrive`() async throws {
        try await withServer { server, mailer in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 { group.addTask { try await mailer.send(message(to: "person\(index)@example.com")) } }
                try await group.waitForAll()
            }

            #expect(Set(server.deliveries.flatMap(\.recipients)).count == 20)
        }
    }

    @Test
    func `a password is not sent to a host that does not encrypt`() async throws {
        let server = try SMTPServer()
        defer { server.stop() }
        // Not this machine by its name, so that encryption is asked for; it leads here all the same.
        var settings = try #require(
            SMTPSettings(url: "smtp://127.1:\(server.port)", user: "mailer", password: Secret("hunter2"), from: "no-reply@wekeza.example"))
        settings.timeout = 2

        await #expect(throws: MailFailure.self) { try await SMTPMailer(settings: settings).send(message()) }

        #expect(!server.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
    }

    @Test(arguments: [
        ("http://mail.example", "a@b.example"), ("smtp://", "a@b.example"), ("mail.example:25", "a@b.example"), ("file:///etc/passwd", "a@b.example"),
        ("smtp://user:pw@mail.example", "a@b.example"), ("smtp://mail.example", "no-reply"), ("smtp://mail.example", "a@b.example\nBcc: x@y.z"), ("", ""),
        ("smtp://localhost:x", "a@b.example"), ("smtp://mail.example:", "a@b.example"), ("smtp://mail.example:0", "a@b.example"),
        ("smtp://mail.example:65536", "a@b.example"), ("smtp://mail.example:+25", "a@b.example"), ("smtp://[::1", "a@b.example"),
        ("smtp://[]", "a@b.example"), ("smtp://[::1]x", "a@b.example"), ("smtp://[::1]:x/", "a@b.example"),
    ])
    func `settings that cannot work are refused at the start`(url: String, from: String) {
        #expect(SMTPSettings(url: url, from: from) == nil)
    }

    @Test(arguments: [
        ("smtp://mail.example", "mail.example", 25), ("smtp://mail.example:587/", "mail.example", 587), ("smtps://mail.example", "mail.example", 465),
        ("smtps://mail.example:2465", "mail.example", 2465), ("smtp://[::1]:2525", "::1", 2525), ("smtp://[::1]", "::1", 25),
        ("SMTP://localhost", "localhost", 25),
    ])
    func `settings of a mail host are accepted`(url: String, host: String, port: Int) throws {
        let settings = try #require(SMTPSettings(url: url, from: "no-reply@wekeza.example"))

        #expect(settings.host == host && settings.port == port)
    }
}

@Suite("The demo's mailbox")
struct MemoryMailboxTests {
    private let now = ManualClock().now

    @Test
    func `it keeps the latest mails only, the latest first`() async throws {
        let mailbox = MemoryMailbox(capacity: 3)

        for index in 1...5 { try await mailbox.send(Message(to: "a\(index % 2)@example.com", subject: "\(index)", text: "", sentAt: now)) }

        #expect(mailbox.messages.map(\.subject) == ["5", "4", "3"])
        #expect(mailbox.messages(to: "a0@example.com").map(\.subject) == ["4"])
    }

    @Test
    func `it refuses what SMTP would refuse`() async throws {
        await #expect(throws: MailFailure.unsafeHeader) { try await MemoryMailbox().send(Message(to: "x\ny@example.com", subject: "", text: "", sentAt: now)) }
    }
}
