public import NIOCore

/// Does together what was gathered.
public protocol TurnHandler: AnyObject, SendableMetatype {
    associatedtype Element

    /// With as many there is no look whether more come.
    static var enough: Int { get }

    /// Called on the event loop.
    /// - Parameter gathered: also more than `enough`, where they came in one go.
    func handle(_ gathered: [Element])
}

/// Gathers what one turn of an event loop asks for, to be done together: what requests that came together ask. What they wait for is the loop's present work, and
/// nothing that a socket has yet to bring.
///
/// Used on the loop's thread alone.
public final class TurnGathering<Handler: TurnHandler>: @unchecked Sendable {
    public let handler: Handler
    private let loop: any EventLoop
    private var waiting: [Handler.Element] = []
    /// How many there were at the last look; `nil` while none waits.
    private var seen: Int?

    public init(_ loop: any EventLoop, _ handler: Handler) { (self.loop, self.handler) = (loop, handler) }

    public func add(_ element: Handler.Element) {
        loop.assertInEventLoop()
        waiting.append(element)
        guard seen == nil else { return }
        seen = 1
        loop.execute { self.look() }
    }

    /// Behind everything that the loop has to do at this moment. When more came since the last look, still more may come.
    private func look() {
        guard waiting.count == seen || waiting.count >= Handler.enough else {
            seen = waiting.count
            return loop.execute { self.look() }
        }
        let gathered = waiting
        waiting = []
        seen = nil
        handler.handle(gathered)
    }
}
