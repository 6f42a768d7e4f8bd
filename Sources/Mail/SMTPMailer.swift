internal import CCurl
internal import Dispatch
internal import Foundation
public import Primitives
internal import Synchronization

/// How mail leaves the machine.
public struct SMTPSettings: Sendable {
    /// `smtp://host:port` or `smtps://host:port`.
    public let url: String
    /// Without the brackets of an IPv6 address.
    public let host: String
    public let port: Int
    public let user: String?
    public let password: Secret?
    /// The sender's address.
    public let from: String
    /// Seconds.
    public var connectTimeout = 5
    /// Seconds for one mail in all.
    public var timeout = 20

    /// - Returns: `nil` unless the URL is one of SMTP with a host and perhaps a port, and the sender an address.
    public init?(url: String, user: String? = nil, password: Secret? = nil, from: String) {
        guard let (host, port) = Self.server(of: url), Message.isAddress(from) else { return nil }
        self.url = url
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.from = from
    }

    /// Whether a plain connection becomes an encrypted one (RFC 3207). To another machine a password never travels in the clear; this machine's own relay may
    /// want to hear it encrypted.
    var encryption: Encryption {
        guard isLoopback else { return user == nil ? .whereOffered : .always }
        return user == nil ? .never : .whereOffered
    }

    enum Encryption { case never, whereOffered, always }

    /// Nobody is between this machine and itself, where a relay's certificate names nobody that could be checked.
    var isLoopback: Bool { ["localhost", "127.0.0.1", "::1"].contains(host.lowercased()) }

    private static func server(of url: String) -> (host: String, port: Int)? {
        let schemes = [(prefix: "smtp://", port: 25), (prefix: "smtps://", port: 465)]
        guard let scheme = schemes.first(where: { url.lowercased().hasPrefix($0.prefix) }) else { return nil }
        let authority = url.dropFirst(scheme.prefix.count).prefix { $0 != "/" }
        guard authority.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 64 }), let end = Self.end(ofHostIn: authority) else { return nil }
        let host = authority.hasPrefix("[") ? authority[..<end].dropFirst().dropLast() : authority[..<end]
        guard !host.isEmpty, !host.contains(where: { $0 == "[" || $0 == "]" }) else { return nil }
        if end == authority.endIndex { return (String(host), scheme.port) }
        let digits = authority[end...].dropFirst()
        // libcurl refuses each mail to any other.
        guard authority[end] == ":", digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits), port > 0 else { return nil }
        return (String(host), Int(port))
    }

    /// Behind the brackets of an IPv6 address, or before a port.
    private static func end(ofHostIn authority: Substring) -> Substring.Index? {
        guard authority.hasPrefix("[") else { return authority.firstIndex(of: ":") ?? authority.endIndex }
        return authority.firstIndex(of: "]").map { authority.index(after: $0) }
    }
}

/// Sends mail over SMTP with libcurl, a few at a time on threads of its own: a host that is slow with one holds up no other.
public final class SMTPMailer: Mailer {
    private let settings: SMTPSettings
    private let randomness: any RandomSource
    private let lanes = (0..<OutgoingMail.mostAtOnce).map { DispatchQueue(label: "wekeza.mail.\($0)") }
    /// In each lane.
    private let waiting = Mutex([Int](repeating: 0, count: OutgoingMail.mostAtOnce))

    public init(settings: SMTPSettings, randomness: any RandomSource = SystemRandom()) {
        self.settings = settings
        self.randomness = randomness
    }

    public func send(_ mail: Message) async throws {
        guard !mail.isForNobody else { return }
        let host = settings.from.split(separator: "@").last ?? "localhost"
        let wire = try mail.wire(from: settings.from, messageID: "\(randomness.alphanumerics(24))@\(host)")
        guard let lane = takeLane() else { throw MailFailure.queueFull }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            lanes[lane].async { [settings] in
                let result = Result { try Self.deliver(wire, to: mail.to, with: settings) }
                self.waiting.withLock { $0[lane] -= 1 }
                continuation.resume(with: result)
            }
        }
    }

    private static let mostInLane = 25

    private func takeLane() -> Int? {
        waiting.withLock { waiting in
            guard let lane = waiting.indices.min(by: { waiting[$0] < waiting[$1] }), waiting[lane] < Self.mostInLane else { return nil }
            waiting[lane] += 1
            return lane
        }
    }

    /// libcurl asks to be set up once, before its first use.
    private static let isReady = curl_global_init(3 /* CURL_GLOBAL_ALL */) == CURLE_OK

    /// What is left to hand to libcurl.
    private struct Upload {
        let bytes: [UInt8]
        var position = 0
    }

    private static func deliver(_ wire: [UInt8], to recipient: String, with settings: SMTPSettings) throws {
        guard isReady, let handle = curl_easy_init() else { throw MailFailure.notSent(reason: "libcurl does not start") }
        defer { curl_easy_cleanup(handle) }
        let recipients = curl_slist_append(nil, "<\(recipient)>")
        defer { curl_slist_free_all(recipients) }
        var upload = Upload(bytes: wire)
        let code = withUnsafeMutablePointer(to: &upload) { upload in
            _ = curl_set_string(handle, CURLOPT_URL, settings.url)
            _ = curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
            _ = curl_set_string(handle, CURLOPT_MAIL_FROM, "<\(settings.from)>")
            _ = curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
            if let user = settings.user {
                _ = curl_set_string(handle, CURLOPT_USERNAME, user)
                _ = curl_set_string(handle, CURLOPT_PASSWORD, settings.password?.value ?? "")
            }
            _ = curl_set_long(handle, CURLOPT_USE_SSL, Int(settings.encryption.asked.rawValue))
            if settings.isLoopback {
                _ = curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
                _ = curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
            }
            _ = curl_set_long(handle, CURLOPT_CONNECTTIMEOUT, settings.connectTimeout)
            _ = curl_set_long(handle, CURLOPT_TIMEOUT, settings.timeout)
            // Signals belong to the process, not to a thread of it.
            _ = curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
            _ = curl_set_long(handle, CURLOPT_UPLOAD, 1)
            _ = curl_set_pointer(handle, CURLOPT_READDATA, upload)
            _ = curl_set_read(handle, read)
            return curl_easy_perform(handle)
        }
        guard code == CURLE_OK else {
            throw failure(code, answer: curl_response_code(handle), isHandedOver: upload.position == upload.bytes.count)
        }
    }

    /// RFC 5321 §4.2.1: what is answered with 4yz may succeed later, with 5yz it will not. The same is taken for true of a host that gives no answer.
    /// - Parameters:
    ///   - answer: the host's last one; 0 without any.
    ///   - isHandedOver: all of the mail was: behind that (354) a host that is silent may have it, and would have it twice (RFC 5321 §4.5.3.2.6).
    private static func failure(_ code: CURLcode, answer: Int, isHandedOver: Bool) -> MailFailure {
        let reason = String(cString: curl_easy_strerror(code))
        if isHandedOver, answer == 354 { return .notSent(reason: "\(reason); the host has the mail and did not say what becomes of it") }
        if (400..<500).contains(answer) { return .notYet(reason: reason) }
        return answer < 400 && connectionFailures.contains(code.rawValue) ? .notYet(reason: reason) : .notSent(reason: reason)
    }

    private static let connectionFailures: Set = Set(
        [
            CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
        ].map(\.rawValue))

    /// Hands the next bytes to libcurl, which doubles dots at the start of lines (RFC 5321 §4.5.2).
    private static let read: curl_read_callback = { buffer, size, count, context in
        guard let buffer, let upload = context?.assumingMemoryBound(to: Upload.self) else { return 0 }
        let length = min(size * count, upload.pointee.bytes.count - upload.pointee.position)
        guard length > 0 else { return 0 }
        upload.pointee.bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            buffer.withMemoryRebound(to: UInt8.self, capacity: length) {
                $0.update(from: start.assumingMemoryBound(to: UInt8.self) + upload.pointee.position, count: length)
            }
        }
        upload.pointee.position += length
        return length
    }
}

extension SMTPSettings.Encryption {
    /// In libcurl's words.
    fileprivate var asked: curl_usessl {
        switch self {
        case .never: CURLUSESSL_NONE
        case .whereOffered: CURLUSESSL_TRY
        case .always: CURLUSESSL_ALL
        }
    }
}
