internal import Hummingbird
internal import Pages
internal import Primitives
internal import Web

/// `/demo/mailbox`: the mail that the demo kept instead of sending, and the codes of the phones that nobody has.
extension DemoPages {
    private struct MailboxPage: Encodable {
        let mails: [Mail]
        let hasMails: Bool
        let phones: [PhoneEntry]
        let hasPhones: Bool

        struct Mail: Encodable {
            let id, to, subject, sentAt: String
            let parts: [Part]
        }
        struct Part: Encodable {
            let text: String
            let link: String?
        }
    }

    func mailboxPage(_ context: AppContext) async throws -> Response {
        let mails = await mailbox?() ?? []
        let phones = try await phones(context.receivedAt)
        let page = MailboxPage(
            mails: mails.enumerated().map { index, mail in
                MailboxPage.Mail(
                    id: "mail-\(index)", to: mail.to, subject: mail.subject, sentAt: mail.sentAt.moment(seenAt: context.receivedAt),
                    parts: Self.parts(of: mail.text))
            }, hasMails: !mails.isEmpty, phones: phones, hasPhones: !phones.isEmpty)
        return pages.page("demo/mailbox", page, shell: shell("Mailbox", width: .single))
    }

    /// Addresses become links.
    private static func parts(of text: String) -> [MailboxPage.Part] {
        var parts: [MailboxPage.Part] = []
        var rest = Substring(text)
        while let start = rest.ranges(of: "http").first(where: { rest[$0.lowerBound...].hasPrefix("http://") || rest[$0.lowerBound...].hasPrefix("https://") })
        {
            let address = rest[start.lowerBound...].prefix { !$0.isWhitespace && $0 != "<" && $0 != ">" && $0 != "\"" }
            parts.append(.init(text: String(rest[..<start.lowerBound]), link: nil))
            parts.append(.init(text: String(address), link: String(address)))
            rest = rest[address.endIndex...]
        }
        parts.append(.init(text: String(rest), link: nil))
        return parts
    }
}
