/// Where a listener of this server is reached from outside: scheme and authority, no path. Never taken from a request's headers.
public protocol BaseAddress: Sendable {
    /// Without a slash at the end.
    var text: String { get }
}

extension BaseAddress {
    /// The address of a path that begins with a slash.
    public func address(_ path: String) -> String { text + path }
}
