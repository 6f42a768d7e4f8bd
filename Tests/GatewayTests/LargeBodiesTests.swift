import Primitives
import Testing

@testable import Gateway

@Suite("Large bodies")
struct LargeBodiesTests {
    private let organisations = (0..<7).map { OrganisationID(trusted: "org_\($0)") }

    @Test func `one organisation has two places, and gets one again when it leaves one`() {
        let bodies = LargeBodies()
        var places = [bodies.place(for: organisations[0]), bodies.place(for: organisations[0])]
        #expect(places.allSatisfy { $0 != nil })
        #expect(bodies.place(for: organisations[0]) == nil)

        places.removeLast()

        #expect(bodies.place(for: organisations[0]) != nil)
    }

    @Test func `all organisations together have eight, which take six of them`() {
        let bodies = LargeBodies()
        let places = organisations.prefix(6).map { [bodies.place(for: $0), bodies.place(for: $0)] }
        withExtendedLifetime(places) {
            #expect(places.map { $0.count { $0 != nil } } == [2, 2, 1, 1, 1, 1])
            #expect(bodies.place(for: organisations[6]) == nil)
        }
    }
}
