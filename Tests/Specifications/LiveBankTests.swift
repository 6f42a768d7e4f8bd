import Backends
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import Storage
import Synchronization
import TestSupport
import Testing
import Web

/// A bank's own system, which keeps the addresses that it is asked for.
private final class CoreBanking: Sendable {
    private let paths = Mutex<[String]>([])

    var asked: [String] { paths.withLock { $0 } }

    /// Runs the body with the upstream that leads to it.
    func run(_ body: @escaping @Sendable (HTTPUpstream) async throws -> Void) async throws {
        let router = Router()
        router.get("/**") { [self] request, _ in
            paths.withLock { $0.append(request.uri.path) }
            // Nothing is open when the bank closes.
            return Response(
                status: .ok, headers: [.contentType: "application/json", .connection: "close"], body: ResponseBody(byteBuffer: ByteBuffer(string: "{}")))
        }
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: .quiet).test(.live) {
            bank async throws in
            let port = try #require(bank.port)
            let address = try #require(BackendAddress("http://127.0.0.1:\(port)"))
            try await body(try HTTPUpstream(address, on: MultiThreadedEventLoopGroup.singleton))
        }
    }
}

@Suite("Gateway · a live bank")
struct LiveBankTests {
    @Test func `an id that could lead to another address of the bank does not reach it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.paymentsToken(server.payingApp())
            let bank = CoreBanking()
            try await bank.run { upstream in
                try await server.behindGateway(upstream) { gateway in
                    for id in ["..%2f..%2fadmin", "..", "pay_1%2F..", "pay_1;x", String(repeating: "a", count: 65)] {
                        try await gateway.call("/v1/payments/\(id)", token: token).isRefused(.notFound, .notFound, by: "getPayment")
                    }
                    #expect(bank.asked == [])

                    let read = try await gateway.call("/v1/payments/pay_7Hq2-VbX9", token: token)
                    #expect(read.status == .ok, "\(read.text)")
                    #expect(bank.asked == ["/v1/payments/pay_7Hq2-VbX9"])
                }
            }
        }
    }
}
