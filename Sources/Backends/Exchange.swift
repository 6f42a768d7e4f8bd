internal import NIOCore

/// One request on its way to its answer. Touched on its event loop alone.
final class Exchange {
    let request: BackendRequest
    let deadline: NIODeadline
    private let promise: EventLoopPromise<BackendAnswer>
    private(set) var isOver = false
    /// Whether it was sent a second time.
    var isRepeated = false

    init(_ request: BackendRequest, deadline: NIODeadline, on loop: any EventLoop) {
        self.request = request
        self.deadline = deadline
        promise = loop.makePromise()
    }

    var answer: EventLoopFuture<BackendAnswer> { promise.futureResult }

    func succeed(_ answer: BackendAnswer) {
        isOver = true
        promise.succeed(answer)
    }

    func fail(_ failure: BackendFailure) {
        guard !isOver else { return }
        isOver = true
        promise.fail(failure)
    }
}
