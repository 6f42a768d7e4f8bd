/// The demo world, whose passwords everybody knows, is not open to the public.
struct DemoCheck: Check {
    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.configuration.demo else { return [] }
        guard setUp.isPublic else { return [.ok("demo", "The demo world is served on this machine only.")] }
        return [
            .problem(
                "demo",
                "The demo world is open to others at \(setUp.configuration.issuer), and its passwords are printed in the manual: staff@example.test too.",
                "Start without --demo, with a new database.")
        ]
    }
}
