internal import NIOCore
internal import Synchronization

/// A body that arrives while its request is answered. What its handler has not asked for yet stays in the socket.
struct RequestStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Parts = NIOThrowingAsyncSequenceProducer<
        ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Demand
    >

    private let parts: Parts
    private let demand: Demand

    /// - Parameters:
    ///   - begins: when a handler asks for the first part; never, where it answers without the body.
    ///   - resumes: when more is wanted after a pause, or nothing any more.
    static func make(begins: @escaping @Sendable () -> Void, resumes: @escaping @Sendable () -> Void) -> (stream: RequestStream, source: Parts.Source) {
        let demand = Demand(begins: begins, resumes: resumes)
        let made = Parts.makeSequence(
            elementType: ByteBuffer.self, failureType: (any Error).self,
            backPressureStrategy: .init(lowWatermark: 2, highWatermark: 4), finishOnDeinit: false, delegate: demand)
        return (RequestStream(parts: made.sequence, demand: demand), made.source)
    }

    func makeAsyncIterator() -> Parts.AsyncIterator {
        demand.begins()
        return parts.makeAsyncIterator()
    }

    struct Demand: NIOAsyncSequenceProducerDelegate {
        let begins: @Sendable () -> Void
        fileprivate let resumes: @Sendable () -> Void

        func produceMore() { resumes() }
        func didTerminate() { resumes() }
    }
}
