internal import HTTPTypes
import Hummingbird
internal import Storage
internal import Telemetry
public import Web

/// What the operations listener answers: the process lives, it can serve, and how it does.
public struct Operations: Sendable {
    private let platform: Platform
    private let registry: PrometheusRegistry
    private let drain: Drain
    private let sockets: OpenSockets
    /// Of how many.
    private let all: Int

    /// - Parameters:
    ///   - sockets: those of the process that are open. This listener's may be the first of them.
    ///   - all: how many it opens.
    init(platform: Platform, registry: PrometheusRegistry, drain: Drain, sockets: OpenSockets, of all: Int) {
        self.platform = platform
        self.registry = registry
        self.drain = drain
        self.sockets = sockets
        self.all = all
    }

    public var routes: Routes {
        let routes = Routes()
        routes.get("/healthz") { _, _ in Response.text("ok\n") }
        routes.get("/readyz") { _, _ in
            let readiness = await Readiness.of(isListening: sockets.count == all, isStopping: drain.isOn) { await databaseAnswers }
            return Response.text(readiness.rawValue + "\n", status: readiness == .ready ? .ok : .serviceUnavailable)
        }
        routes.get("/sockets") { _, _ in Response.text(sockets.text) }
        routes.get("/metrics") { _, _ in
            var response = Response.text(registry.text())
            response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        }
        return routes
    }

    private var databaseAnswers: Bool {
        get async {
            (try? await platform.bench.database.read { try $0.all("SELECT 1 AS one").count == 1 }) ?? false
        }
    }
}
