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

    init(platform: Platform, registry: PrometheusRegistry, drain: Drain) {
        self.platform = platform
        self.registry = registry
        self.drain = drain
    }

    public var routes: Routes {
        let routes = Routes()
        routes.get("/healthz") { _, _ in Response.text("ok\n") }
        routes.get("/readyz") { _, _ in
            guard !drain.isOn else { return Response.text("stopping\n", status: .serviceUnavailable) }
            return await isReady ? Response.text("ready\n") : Response.text("the database does not answer\n", status: .serviceUnavailable)
        }
        routes.get("/metrics") { _, _ in
            var response = Response.text(registry.text())
            response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        }
        return routes
    }

    private var isReady: Bool {
        get async {
            (try? await platform.bench.database.read { try $0.all("SELECT 1 AS one").count == 1 }) ?? false
        }
    }
}
