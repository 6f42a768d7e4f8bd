import Primitives
import Testing

@testable import Gateway

@Suite("Large bodies")
struct LargeBodiesTests {
    private let organisations = (0..<5).map { OrganisationID(trusted: "org_\($0)") }

    @Test func `one organisation has two places, and gets one again when it leaves one`() {
        let bodies = LargeBodies()
        var places = [bodies.place(for: organisations[0]), bodies.place(for: organisations[0])]
        #expect(places.allSatisfy { $0 != nil })
        #expect(bodies.place(for: organisations[0]) == nil)

        places.removeLast()

        #expect(bodies.place(for: organisations[0]) != nil)
    }

    @Test func `all organisations together have eight`() {
        let bodies = LargeBodies()
        let places = organisations.prefix(4).flatMap { [bodies.place(for: $0), bodies.place(for: $0)] }
        withExtendedLifetime(places) {
            #expect(places.allSatisfy { $0 != nil })
            #expect(bodies.place(for: organisations[4]) == nil)
        }
    }
}
