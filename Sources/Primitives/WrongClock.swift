/// What clocks do that are wrong by two hours, ahead or behind.
public enum WrongClock {
    /// How long what was used once, or revoked, is remembered after it expired: a clock that ran two hours ahead, here or on another node, and then two behind
    /// makes it valid again, and an hour is to spare.
    public static let memory = Duration.hours(5)
}
