public import OpenBanking
import Primitives

/// One way in which a payment in the sandbox turns out, so that an app can be tested against it: what calls it up, what it promises, and what it does.
///
/// Only the sandbox's bank asks for one. A payment of a live app never comes there, so no live payment has a scenario.
public struct PaymentScenario: Hashable, Sendable {
    /// The value of the header `X-Sandbox-Scenario`, and of the column.
    public let name: String
    /// The amount that calls it up, in minor units of whatever currency.
    public let amount: Int64
    /// What happens, in one or two sentences.
    public let words: String
    public let promise: Promise
    public let outcome: Outcome

    init(_ name: String, amount: Int64, _ words: String, promises promise: Promise, by outcome: Outcome) {
        self.name = name
        self.amount = amount
        self.words = words
        self.promise = promise
        self.outcome = outcome
    }

    /// The creditor's account that calls it up.
    public var creditorAccount: String { "SANDBOX-" + name.uppercased().replacing("_", with: "-") }

    /// What the documentation says and the tests hold it to.
    public struct Promise: Hashable, Sendable {
        /// The HTTP status of the first answer.
        public let status: Int
        /// The error code of the first answer; `nil` for a payment.
        public let code: String?
        /// Every status of the payment in the end, the oldest first; empty when there is none.
        public let timeline: [PaymentStatus]
        /// Why it has the last one.
        public let reason: PaymentReason?

        static func payment(_ timeline: [PaymentStatus], _ reason: PaymentReason) -> Promise {
            Promise(status: 201, code: nil, timeline: timeline, reason: reason)
        }

        static func refusal(_ status: Int, _ code: String) -> Promise { Promise(status: status, code: code, timeline: [], reason: nil) }

        /// The payment is made, and the answer says that something went wrong.
        static func lostAnswer(_ status: Int, _ code: String, _ timeline: [PaymentStatus], _ reason: PaymentReason) -> Promise {
            Promise(status: status, code: code, timeline: timeline, reason: reason)
        }
    }

    /// What it changes on the payment's way; everything else goes as ever.
    public enum Outcome: Hashable, Sendable {
        /// The bank does not take it.
        case refused(PaymentRefusal)
        /// The rules see these signals, and decide.
        case judged(Signals, then: Look? = nil)
        /// The signals cannot be read in time.
        case unreadable
        /// The other bank takes this long.
        case settled(after: Duration)
        /// The other bank sends it back.
        case sentBack(after: Duration, because: PaymentReason)
        /// The app gets no answer of use.
        case unanswered(Fault, isMade: Bool)
    }

    /// A member of the bank's staff looks at what is held.
    public struct Look: Hashable, Sendable {
        public let after: Duration
        public let releases: Bool
    }

    /// How a call fails.
    public enum Fault: Hashable, Sendable {
        case unavailable
        case timeout
        case ours
    }
}

extension PaymentScenario {
    /// How long the settlement takes, where the scenario says so.
    var settlement: Duration? {
        switch outcome {
        case .settled(let after), .sentBack(let after, _): after
        case .refused, .judged, .unreadable, .unanswered: nil
        }
    }

    /// What the risk rules see in place of the account's own past; `nil` when they are to see nothing in time.
    var signals: Signals? {
        switch outcome {
        case .judged(let signals, _): signals
        case .unreadable: nil
        case .refused, .settled, .sentBack, .unanswered: .calm
        }
    }

    /// Why the other bank sends it back; `nil` when it does not.
    var returnReason: PaymentReason? { if case .sentBack(_, let reason) = outcome { reason } else { nil } }

    /// Why the bank does not take it; `nil` when it does.
    var refusal: PaymentRefusal? { if case .refused(let refusal) = outcome { refusal } else { nil } }

    /// When staff looks at it; `nil` when only a real member of staff will.
    var look: Look? { if case .judged(_, let look) = outcome { look } else { nil } }
}
