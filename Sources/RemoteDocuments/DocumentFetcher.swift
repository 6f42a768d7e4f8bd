internal import CCurl
internal import Dispatch
import Primitives

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Fetches small documents from addresses that others chose, such as an app's `jwks_uri`, without letting them choose what this server calls
/// (OWASP ASVS 1.3.6): https alone, public IP addresses alone, whatever a name resolves to at that moment, no redirects, and little time and space.
public final class DocumentFetcher: Sendable {
    private let allowsLoopback: Bool
    private let timeout: Duration
    private let hosts: [String]
    /// How many are under way, by whose they are: each costs a thread, three or four descriptors and a megabyte. Servers that say nothing until the time is up
    /// keep out everybody else's only where twenty-one owners have them.
    private let places = SharedPlaces<String>(32, share: 8)

    /// How long a fetch may take, unless told otherwise.
    public static let patience = Duration.seconds(5)
    /// The longest document, in bytes.
    static let longest = 65_536

    /// - Parameters:
    ///   - allowsLoopback: this machine's own addresses too, over http as well: in demo mode only.
    ///   - timeout: how long a fetch may take, from the name to the last byte.
    public convenience init(allowsLoopback: Bool, timeout: Duration = DocumentFetcher.patience) {
        self.init(allowsLoopback: allowsLoopback, timeout: timeout, hosts: [])
    }

    /// - Parameter hosts: names that are not looked up, each with its port and addresses, as libcurl has them: `keys.example:443:192.0.2.1,192.0.2.2`.
    init(allowsLoopback: Bool, timeout: Duration = DocumentFetcher.patience, hosts: [String]) {
        self.allowsLoopback = allowsLoopback
        self.timeout = timeout
        self.hosts = hosts
    }

    /// - Parameter owner: who is answerable for the address: one name for all of theirs.
    /// - Returns: the body of an answer with status 200.
    public func fetch(_ address: String, of owner: String) async -> Result<[UInt8], FetchRefusal> {
        guard isAllowed(address) else { return .failure(.address) }
        guard places.take(for: owner) else { return .failure(.busy) }
        return await withCheckedContinuation { continuation in
            // A serial queue has a thread at once. All concurrent ones share as few as there are processors, and get one more a second: silent servers would
            // hold up passwords and payment files.
            DispatchQueue(label: "wekeza.document").async {
                let result = Transfer(allowsLoopback: self.allowsLoopback, timeout: self.timeout, hosts: self.hosts).run(address)
                self.places.giveBack(owner)
                continuation.resume(returning: result)
            }
        }
    }

    private func isAllowed(_ address: String) -> Bool {
        let address = address.lowercased()
        return address.hasPrefix("https://") || allowsLoopback && address.hasPrefix("http://")
    }
}

/// Why there is no document.
public enum FetchRefusal: String, Error, Hashable, Sendable {
    case address, busy, notPublic, tooLong, unreachable, status
}

/// One fetch: what libcurl's callbacks share.
private final class Transfer {
    private let allowsLoopback: Bool
    private let timeout: Duration
    private let hosts: [String]
    private var bytes: [UInt8] = []
    private var refusal: FetchRefusal?

    init(allowsLoopback: Bool, timeout: Duration, hosts: [String]) {
        self.allowsLoopback = allowsLoopback
        self.timeout = timeout
        self.hosts = hosts
    }

    /// libcurl asks to be set up once, before its first use.
    private static let isReady = curl_global_init(3 /* CURL_GLOBAL_ALL */) == CURLE_OK

    func run(_ address: String) -> Result<[UInt8], FetchRefusal> {
        guard Self.isReady, let handle = curl_easy_init() else { return .failure(.unreachable) }
        defer { curl_easy_cleanup(handle) }
        let hosts = hosts.reduce(nil as UnsafeMutablePointer<curl_slist>?) { curl_slist_append($0, $1) }
        defer { curl_slist_free_all(hosts) }
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = curl_set_string(handle, CURLOPT_URL, address)
        _ = curl_set_list(handle, CURLOPT_RESOLVE, hosts)
        _ = curl_set_string(handle, CURLOPT_PROTOCOLS_STR, allowsLoopback ? "https,http" : "https")
        _ = curl_set_string(handle, CURLOPT_USERAGENT, "wekeza")
        // An answer that sends elsewhere is no answer.
        _ = curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        // A proxy of the environment would do what is forbidden to us.
        _ = curl_set_string(handle, CURLOPT_PROXY, "")
        _ = curl_set_long(handle, CURLOPT_CONNECTTIMEOUT, 3)
        _ = curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(timeout / .milliseconds(1)))
        // Signals belong to the process, not to a thread of it.
        _ = curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        _ = curl_set_write(handle, Self.write)
        _ = curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
        _ = curl_set_opensocket(handle, Self.openSocket)
        let code = curl_easy_perform(handle)
        // A name may have an address that is not called beside one that answers. What is too long never ends well.
        guard code == CURLE_OK else { return .failure(refusal ?? .unreachable) }
        return curl_response_code(handle) == 200 ? .success(bytes) : .failure(.status)
    }

    private static let write: curl_write_callback = { buffer, size, count, context in
        guard let buffer, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let length = size * count
        guard transfer.bytes.count + length <= DocumentFetcher.longest else {
            transfer.refusal = .tooLong
            return 0
        }
        transfer.bytes.append(contentsOf: UnsafeRawBufferPointer(start: buffer, count: length))
        return length
    }

    /// Asked with the address that a name resolved to, so a name that resolves differently a moment later gains nothing.
    private static let openSocket: curl_opensocket_callback = { context, _, address in
        guard let context, let address else { return -1 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        guard let ip = IPAddress(socketAddress: curl_peer(address)), ip.isPublic || transfer.allowsLoopback && ip.isLoopback else {
            transfer.refusal = .notPublic
            return -1
        }
        return socket(address.pointee.family, address.pointee.socktype, address.pointee.protocol)
    }
}

extension IPAddress {
    /// RFC 3493 §3.3: family and port take four bytes, in an IPv6 address the flow label four more.
    fileprivate init?(socketAddress: UnsafePointer<sockaddr>?) {
        guard let socketAddress else { return nil }
        let bytes = UnsafeRawPointer(socketAddress)
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET: self.init(v4: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        case AF_INET6: self.init(v6: UInt128(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt128.self)))
        default: return nil
        }
    }
}
