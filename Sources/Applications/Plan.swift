public import Storage

/// What an organisation may use.
public enum Plan: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case free
    case unlimited

    /// Calls of the API in one UTC day; `nil` without a limit.
    public var dailyCalls: Int? {
        switch self {
        case .free: 1000
        case .unlimited: nil
        }
    }

    /// How quickly one app may call, on one node.
    public var burst: Burst {
        switch self {
        case .free: Burst(size: 1500, perSecond: 100)
        case .unlimited: Burst(size: 1000, perSecond: 100_000)
        }
    }

    /// `size` calls at once, then so many a second.
    public struct Burst: Hashable, Sendable {
        public let size: Int
        public let perSecond: Int

        public init(size: Int, perSecond: Int) {
            self.size = size
            self.perSecond = perSecond
        }
    }

    /// As people read it.
    public var title: String {
        switch self {
        case .free: "Free"
        case .unlimited: "Unlimited"
        }
    }
}
