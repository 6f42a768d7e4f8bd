/// The demo world, whose passwords everybody knows, is not open to the public, and not in a database that is served without it.
struct DemoCheck: Check {
    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.configuration.demo else { return await withoutDemo(setUp) }
        guard setUp.isPublic else { return [.ok("demo", "The demo world is served on this machine only.")] }
        return [
            .problem(
                "demo",
                "The demo world is open to others at \(setUp.configuration.issuer), and its passwords are printed in the manual: staff@example.test too.",
                "Start without --demo, with a new database.")
        ]
    }

    private func withoutDemo(_ setUp: SetUp) async -> [Finding] {
        guard setUp.hasDatabase, (try? await setUp.look { try DemoWorld.isThere(in: $0) }) == true else { return [] }
        return [.problem("demo", "\(DemoWorld.refusal.found), and a start without --demo refuses it.", "Either \(DemoWorld.refusal.advice).")]
    }
}
