import Metrics
import Telemetry
import TestSupport
import Testing

@Suite("The metrics page")
struct PrometheusTests {
    private let registry = PrometheusRegistry()

    @Test func `a counter adds up per label set`() {
        for status in ["200", "200", "503"] { registry.makeCounter(label: "http.requests", dimensions: [("status", status)]).increment(by: 1) }

        #expect(
            registry.text() == """
                # TYPE http_requests_total counter
                http_requests_total{status="200"} 2
                http_requests_total{status="503"} 1

                """)
    }

    @Test func `labels are one set in whatever order they come`() {
        registry.makeCounter(label: "calls", dimensions: [("a", "1"), ("b", "2")]).increment(by: 1)
        registry.makeCounter(label: "calls", dimensions: [("b", "2"), ("a", "1")]).increment(by: 1)

        #expect(registry.text().contains("calls_total{a=\"1\",b=\"2\"} 2\n"))
    }

    @Test func `a timer counts into buckets of seconds`() {
        let timer = registry.makeTimer(label: "duration", dimensions: [])
        for milliseconds in [1, 40, 90_000] { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
        let text = registry.text()

        #expect(text.contains("# TYPE duration_seconds histogram\n"))
        #expect(text.contains("duration_seconds_bucket{le=\"0.0005\"} 0\n"))
        #expect(text.contains("duration_seconds_bucket{le=\"0.001\"} 1\n"))
        #expect(text.contains("duration_seconds_bucket{le=\"0.05\"} 2\n"))
        #expect(text.contains("duration_seconds_bucket{le=\"10\"} 2\n"))
        #expect(text.contains("duration_seconds_bucket{le=\"+Inf\"} 3\n"))
        #expect(text.contains("duration_seconds_count 3\n"))
    }

    @Test func `a gauge holds the last value`() {
        let gauge = registry.makeRecorder(label: "connections", dimensions: [], aggregate: false)
        gauge.record(Int64(3))
        gauge.record(2.5)

        #expect(registry.text() == "# TYPE connections gauge\nconnections 2.5\n")
    }

    @Test func `label values cannot break out of their quotes`() {
        registry.makeCounter(label: "calls", dimensions: [("route", "a\"} 1\nevil 2 \\")]).increment(by: 1)

        #expect(registry.text() == "# TYPE calls_total counter\ncalls_total{route=\"a\\\"} 1\\nevil 2 \\\\\"} 1\n")
    }

    @Test func `beyond the limit label sets are counted together`() {
        for number in 0..<2_000 { registry.makeCounter(label: "calls", dimensions: [("id", "\(number)")]).increment(by: 1) }
        let lines = registry.text().split(separator: "\n")

        #expect(lines.count <= 502)
        #expect(lines.contains("calls_total{id=\"other\"} 1500"))
    }

    @Test func `one name of two kinds does not end the process`() {
        registry.makeCounter(label: "calls_total", dimensions: []).increment(by: 1)
        registry.makeMeter(label: "calls_total", dimensions: []).set(Int64(7))

        #expect(registry.text() == "# TYPE calls_total counter\ncalls_total 1\n")
    }

    @Test func `numbers kept elsewhere are read for each page`() {
        registry.observe("sql_statements_total", .counter, help: "Statements run.") { 42 }
        registry.observe("unknown", .gauge) { nil }
        registry.observeProcess()
        let text = registry.text()

        #expect(text.contains("# HELP sql_statements_total Statements run.\n# TYPE sql_statements_total counter\nsql_statements_total 42\n"))
        #expect(text.contains("process_cpu_seconds_total "))
        #expect(!text.contains("unknown"))
    }
}
