import Testing

@testable import Composition

@Suite("What a balancer reads")
struct ReadinessTests {
    @Test func `a node is ready when every socket is open and the database answers`() async {
        #expect(await Readiness.of(isListening: true, isStopping: false) { true } == .ready)
        #expect(await Readiness.of(isListening: true, isStopping: false) { false } == .withoutDatabase)
    }

    @Test func `before its last socket is open, and while it stops, it does not ask the database`() async {
        #expect(await Readiness.of(isListening: false, isStopping: false, databaseAnswers: asked) == .starting)
        #expect(await Readiness.of(isListening: true, isStopping: true, databaseAnswers: asked) == .stopping)
        #expect(await Readiness.of(isListening: false, isStopping: true, databaseAnswers: asked) == .stopping)
    }

    private func asked() -> Bool {
        Issue.record("the database was asked")
        return true
    }
}
