import Consents
import Contract
import Metering
import OpenBanking
import Primitives
import Web

/// The dates asked for lie inside the consent's window; where none are asked for, the window's own hold.
struct DataWindowPolicy: ImmediatePolicy {
    let name = "data_window"

    func check(_ call: inout Call) -> Verdict {
        guard let names = call.rules.windowParameters else { return .skipped(.hasNoDates) }
        guard let window = call.consent?.window else { return .skipped(.noConsent) }
        let from = Bound(call.parameters.string(names.from))?.lower(in: window)
        let to = Bound(call.parameters.string(names.to))?.upper(in: window)
        if let from, let to, from > to {
            return refused(
                .invalidRequest, "The range ends before it begins.", at: "/query/\(names.to)", expected: "not before \(from.rfc3339)", got: to.rfc3339)
        }
        if let from, !window.contains(from) { return outside(from, names.from, window) }
        if let to, !window.contains(to) { return outside(to, names.to, window) }
        let lower = from ?? window.from ?? .epoch
        let upper = to ?? window.to ?? .distantFuture
        call.window = min(lower, upper)...upper
        return window.isOpen ? .passed(.windowIsOpen) : .found(window.text)
    }

    private func outside(_ moment: Timestamp, _ parameter: String, _ window: DataWindow) -> Verdict {
        refused(.outsideDataWindow, "The dates lie outside the consent's window.", at: "/query/\(parameter)", expected: window.text, got: moment.rfc3339)
    }

    /// One end of a range as it was written. A date alone means its whole day, or as much of it as the window holds.
    private struct Bound {
        let moment: Timestamp
        let isDate: Bool

        init?(_ text: String?) {
            guard let text, let moment = Timestamp(iso8601: text) else { return nil }
            self.moment = moment
            isDate = !text.contains { $0 == "T" || $0 == "t" || $0 == " " }
        }

        func lower(in window: DataWindow) -> Timestamp {
            guard isDate, let edge = window.from, edge.date == moment.date else { return moment }
            return edge
        }

        func upper(in window: DataWindow) -> Timestamp {
            guard isDate else { return moment }
            guard let edge = window.to, edge.date == moment.date else { return moment + .milliseconds(86_399_999) }
            return edge
        }
    }
}
