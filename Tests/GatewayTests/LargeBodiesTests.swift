import Primitives
import Testing

@testable import Gateway

@Suite("Large bodies")
struct LargeBodiesTests {
    private let apps = (0..<5).map { AppID(trusted: "app_\($0)") }

    @Test func `one app has two places, and gets one again when it leaves one`() {
        let bodies = LargeBodies()
        var places = [bodies.place(for: apps[0]), bodies.place(for: apps[0])]
        #expect(places.allSatisfy { $0 != nil })
        #expect(bodies.place(for: apps[0]) == nil)

        places.removeLast()

        #expect(bodies.place(for: apps[0]) != nil)
    }

    @Test func `all apps together have eight`() {
        let bodies = LargeBodies()
        let places = apps.prefix(4).flatMap { [bodies.place(for: $0), bodies.place(for: $0)] }
        withExtendedLifetime(places) {
            #expect(places.allSatisfy { $0 != nil })
            #expect(bodies.place(for: apps[4]) == nil)
        }
    }
}
