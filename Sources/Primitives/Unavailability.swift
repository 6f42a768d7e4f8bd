/// A failure that passes by itself: the caller is asked to come back (503 with `Retry-After`).
public protocol Unavailability: Error {
    var isUnavailable: Bool { get }
}
