internal import Foundation
import Primitives

extension Message {
    /// The mail as it travels (RFC 5322), lines ended by CR LF.
    /// - Throws: `MailFailure.unsafeHeader`.
    func wire(from sender: String, messageID: String) throws(MailFailure) -> [UInt8] {
        guard Self.isAddress(to), Self.isAddress(sender), !Self.hasControls(subject), !Self.hasControls(messageID), subject.utf8.count <= 800
        else { throw .unsafeHeader }
        let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        // RFC 5322 §2.1.1: at most 998 characters a line, and 7 bits unless encoded.
        let isPlain = lines.allSatisfy { $0.utf8.count <= 998 && $0.utf8.allSatisfy { $0 < 128 && $0 != 13 && $0 != 0 } }
        let headers = [
            "From: Wekeza Open Platform <\(sender)>",
            "To: <\(to)>",
            "Subject: \(Self.encodedWords(subject))",
            "Date: \(sentAt.httpDate.replacing("GMT", with: "+0000"))",
            "Message-ID: <\(messageID)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: \(isPlain ? "7bit" : "base64")",
        ]
        let body =
            isPlain
            ? lines.joined(separator: "\r\n")
            : Data(text.utf8).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        return Array((headers.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n").utf8)
    }

    /// One mailbox without a name: nothing that could end the address or the line.
    static func isAddress(_ text: String) -> Bool {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        return halves.count == 2 && !halves[0].isEmpty && !halves[1].isEmpty && text.utf8.count <= 254 && !hasControls(text)
            && !text.contains { " <>,;:\"()\\[]".contains($0) }
    }

    private static func hasControls(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.properties.generalCategory == .control || $0.value == 0x2028 || $0.value == 0x2029 }
    }

    /// RFC 2047 §2: words of at most 75 characters, each whole in UTF-8.
    static func encodedWords(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 128 }) || text.contains("=?") else { return text }
        var words: [[UInt8]] = [[]]
        for character in text.unicodeScalars {
            let bytes = Array(String(character).utf8)
            if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
