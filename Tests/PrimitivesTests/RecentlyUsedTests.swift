import Primitives
import Testing

@Suite("A bounded memory")
struct RecentlyUsedTests {
    @Test func `it holds what came lately, and forgets what nobody asked for`() {
        var memory = RecentlyUsed<Int, String>(capacity: 10)

        for number in 0..<100 {
            memory[number] = "\(number)"
            #expect(memory[0] == "0")
        }

        #expect(memory[99] == "99" && memory[96] == "96")
        #expect((1..<90).allSatisfy { memory[$0] == nil })
    }

    @Test func `the newest value counts`() {
        var memory = RecentlyUsed<Int, String>(capacity: 4)
        memory[1] = "one"
        memory[1] = "two"

        #expect(memory[1] == "two")
    }

    @Test func `no capacity is one`() {
        var memory = RecentlyUsed<Int, Int>(capacity: 0)
        memory[1] = 1

        #expect(memory[1] == 1)
    }

    @Test func `what is taken out is gone, from before a turn too`() {
        var memory = RecentlyUsed<Int, Int>(capacity: 4)
        for number in 0..<4 { memory[number] = number }

        memory[0] = nil
        memory[3] = nil
        #expect((0..<4).map { memory[$0] } == [nil, 1, 2, nil])

        memory.removeAll { $0 == 1 }
        #expect((0..<4).map { memory[$0] } == [nil, nil, 2, nil] && memory.count == 1)
    }
}
