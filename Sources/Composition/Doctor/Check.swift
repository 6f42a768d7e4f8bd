/// One family of things that can be wrong with a set-up. A check reads; it makes and changes nothing.
protocol Check: Sendable {
    func run(_ setUp: SetUp) async -> [Finding]
}
