public import Metrics
internal import Synchronization

/// Counters, gauges and histograms in the text format of Prometheus (0.0.4).
///
/// Each family keeps a bounded number of label sets: what comes beyond is counted under `other`, so that no caller can fill the memory.
public final class PrometheusRegistry: MetricsFactory {
    private struct State {
        var families: [String: Family] = [:]
        var readings: [String: Reading] = [:]
    }

    private struct Family {
        let kind: SeriesKind
        var series: [Labels: any Series] = [:]
    }

    private struct Reading {
        let kind: SeriesKind
        let help: String
        let read: @Sendable () -> Double?
    }

    private let state = Mutex(State())

    /// Label sets of one family at most.
    private static let seriesLimit = 500

    public init() {}

    /// Shows a number that something else keeps, read anew for each page.
    public func observe(_ name: String, _ kind: SeriesKind, help: String = "", _ read: @escaping @Sendable () -> Double?) {
        state.withLock { $0.readings[PrometheusName.of(name)] = Reading(kind: kind, help: help, read: read) }
    }

    /// The page that Prometheus reads.
    public func text() -> String {
        let (families, readings) = state.withLock { ($0.families, $0.readings) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key.text < $1.key.text }) { series.write(name, labels, to: &text) }
        }
        for (name, reading) in readings.sorted(by: { $0.key < $1.key }) {
            guard let value = reading.read() else { continue }
            if !reading.help.isEmpty { text += "# HELP \(name) \(reading.help)\n" }
            text += "# TYPE \(name) \(reading.kind.rawValue)\n\(name) \(PrometheusName.number(value))\n"
        }
        return text
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(PrometheusName.of(label, suffix: "_total"), .counter, dimensions) { CounterSeries() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(PrometheusName.of(label, suffix: "_total"), .counter, dimensions) { FloatingPointCounterSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(PrometheusName.of(label), .gauge, dimensions) { GaugeSeries() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(PrometheusName.of(label), .gauge, dimensions) { GaugeSeries() } }
        return series(PrometheusName.of(label), .histogram, dimensions) { HistogramSeries(buckets: HistogramSeries.amounts) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(PrometheusName.of(label, suffix: "_seconds"), .histogram, dimensions) { HistogramSeries(buckets: HistogramSeries.seconds) }
    }

    // Series outlive the handles that callers make for one event.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func series<Wanted: Series>(_ name: String, _ kind: SeriesKind, _ dimensions: [(String, String)], _ make: () -> Wanted) -> Wanted {
        let labels = Labels(dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind)
            // One name used for two kinds is a mistake of ours; the second kind is not shown.
            guard family.kind == kind else { return make() }
            let key = family.series[labels] == nil && family.series.count >= Self.seriesLimit ? labels.asOther : labels
            if let known = family.series[key] { return known as? Wanted ?? make() }
            let made = make()
            family.series[key] = made
            state.families[name] = family
            return made
        }
    }
}

public enum SeriesKind: String, Sendable {
    case counter
    case gauge
    case histogram
}

/// The label set of one series, in order.
struct Labels: Hashable, Sendable {
    private let pairs: [Pair]

    private struct Pair: Hashable {
        let name: String
        let value: String
    }

    init(_ dimensions: [(String, String)]) {
        pairs = dimensions.map { Pair(name: PrometheusName.of($0.0), value: $0.1) }.sorted { $0.name < $1.name }
    }

    private init(pairs: [Pair]) { self.pairs = pairs }

    var asOther: Labels { Labels(pairs: pairs.map { Pair(name: $0.name, value: "other") }) }

    /// `{method="GET",route="/v1/accounts"}`, empty without labels.
    var text: String { text(adding: []) }

    func text(adding more: [(String, String)]) -> String {
        let all = pairs.map { ($0.name, $0.value) } + more
        guard !all.isEmpty else { return "" }
        return "{" + all.map { "\($0.0)=\"\(PrometheusName.escaped($0.1))\"" }.joined(separator: ",") + "}"
    }
}

enum PrometheusName {
    /// `http.server.requests` becomes `http_server_requests`.
    static func of(_ label: String, suffix: String = "") -> String {
        var name = String(label.unicodeScalars.map { isAllowed($0) ? Character($0) : "_" })
        if name.first.map(\.isNumber) ?? true { name = "_" + name }
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// Whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : String(value)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", ":": true
        default: false
        }
    }
}
