public import Primitives

/// When the keys take turns: announce, sign, retire.
struct KeySchedule: Hashable, Sendable {
    /// Since when the current key signs.
    var signsSince: Timestamp?
    /// Since when the next key is published.
    var announcedAt: Timestamp?

    /// How long a key is published before it signs. Verifiers keep our key set for a minute (`max-age=60`), and some for a few.
    static let announcement = Duration.minutes(5)

    /// When the next key has been known for long enough to sign.
    /// - Returns: `nil` when it has been already.
    func announcementEnds(after now: Timestamp) -> Timestamp? {
        guard let announcedAt, now < announcedAt + Self.announcement else { return nil }
        return announcedAt + Self.announcement
    }

    /// Whether the current key has signed for its lifetime and the next one may.
    func isDue(lifetime: Duration, at now: Timestamp) -> Bool {
        guard let signsSince, signsSince + lifetime <= now else { return false }
        return announcementEnds(after: now) == nil
    }
}

/// Why the keys rotate.
public enum KeyRotationOccasion: Hashable, Sendable {
    /// An operator asked for it.
    case asked
    /// The current key may have signed for this long.
    case due(lifetime: Duration)
    /// The current key was found out: it is forgotten at once, and its tokens with it, however short the next one was announced.
    case compromised

    var text: String {
        switch self {
        case .asked: "asked"
        case .due: "schedule"
        case .compromised: "compromised"
        }
    }
}

/// What became of a rotation.
public enum KeyRotation: Hashable, Sendable {
    /// This key signs now.
    case rotated(KeyID)
    /// The next key has not been published for long enough: verifiers that remember our key set would refuse what it signs.
    case tooEarly(until: Timestamp)
    /// Somebody else rotated at the same moment, or before.
    case notDue
}
