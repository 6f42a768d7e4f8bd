internal import Primitives

/// How long an idempotency key answers.
public enum IdempotencyKeyTerm {
    /// 24 hours are promised, and no clock that runs ahead, here or on another node, ends them early: the same draw would be paid twice.
    public static let memory = Duration.hours(24) + WrongClock.memory
}
