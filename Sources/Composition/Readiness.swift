/// Whether a balancer may send requests to this process, in the words of `/readyz`.
enum Readiness: String {
    case ready
    /// The operations listener may be open before the others.
    case starting
    case stopping
    case withoutDatabase = "the database does not answer"

    static func of(isListening: Bool, isStopping: Bool, databaseAnswers: () async -> Bool) async -> Readiness {
        guard !isStopping else { return .stopping }
        guard isListening else { return .starting }
        return await databaseAnswers() ? .ready : .withoutDatabase
    }
}
