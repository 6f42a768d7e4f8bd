/// Where the answer may go: an address that the app registered. Nothing is redirected before there is one (RFC 6749 §3.1.2.4).
public struct RedirectTarget: Hashable, Sendable {
    /// As the request named it, so with the port that a native app chose.
    public let address: String

    /// Why the request's address is not trusted.
    public enum Refusal: String, Error, Hashable, Sendable {
        case missing, repeated, notRegistered
    }

    /// RFC 9700 §2.1: compared character by character. The address is asked for even when only one is registered (OpenID Connect Core §3.1.2.1).
    public init(_ parameters: RequestParameters, for client: RegisteredClient) throws(Refusal) {
        guard !parameters.isRepeated("redirect_uri") else { throw .repeated }
        guard let address = parameters["redirect_uri"] else { throw .missing }
        guard address.utf8.count <= 2000, client.redirectURIs.contains(where: { $0.matches(address, anyLoopbackPort: client.isNative) }) else {
            throw .notRegistered
        }
        self.address = address
    }

    /// The address with parameters added to its query; what the app registered there stays (RFC 6749 §3.1.2).
    public func address(adding parameters: String) -> String {
        let bytes = address.utf8
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return "\(address)?\(parameters)" }
        let separator = bytes.index(after: mark) == bytes.endIndex || bytes.last == UInt8(ascii: "&") ? "" : "&"
        return address + separator + parameters
    }
}

extension RedirectTarget.Refusal {
    /// One plain sentence for the app's developer.
    public var message: String {
        switch self {
        case .missing: "The parameter redirect_uri is missing."
        case .repeated: "The parameter redirect_uri was sent more than once."
        case .notRegistered: "The redirect_uri is not registered: it must equal a registered one character by character."
        }
    }

    public func error(of client: RegisteredClient, received: String?) -> OAuthError {
        let registered = client.redirectURIs.map(\.text).joined(separator: " ")
        return switch self {
        case .missing: .against(.parameterSent, message, parameter: "redirect_uri", expected: registered)
        case .repeated: .against(.sentOnce, message, parameter: "redirect_uri", expected: "once", received: .note("several times"))
        case .notRegistered: .against(.registeredRedirectURI, message, expected: registered, received: .value(received))
        }
    }
}

extension RedirectTarget {
    /// An address that passed the check in an earlier request of the same transaction.
    public init(checked address: String) { self.address = address }
}
