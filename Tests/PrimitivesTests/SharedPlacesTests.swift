import Primitives
import Testing

@Suite("Places that owners share")
struct SharedPlacesTests {
    /// How many this owner gets, of as many as there are.
    private func taken(by owner: Int, of places: SharedPlaces<Int>) -> Int {
        (0..<32).filter { _ in places.take(for: owner) }.count
    }

    @Test func `one owner gets its part, and another one when it gives one back`() {
        let places = SharedPlaces<Int>(32, share: 8)
        #expect(taken(by: 0, of: places) == 4)

        places.giveBack(0)

        #expect(taken(by: 0, of: places) == 1)
    }

    @Test func `what one may have shrinks as the others take more, and it takes twenty-one to take all`() {
        let places = SharedPlaces<Int>(32, share: 8)

        let counts = (0..<22).map { taken(by: $0, of: places) }

        #expect(counts == [4, 3, 3, 2, 2, 2, 2] + Array(repeating: 1, count: 14) + [0])
    }

    @Test func `what the others gave back is there for those who stay`() {
        let places = SharedPlaces<Int>(8, share: 3)
        #expect([taken(by: 0, of: places), taken(by: 1, of: places), taken(by: 2, of: places)] == [2, 2, 1])

        places.giveBack(0)
        places.giveBack(0)

        #expect(taken(by: 2, of: places) == 1)
    }

    @Test func `a single place is one owner's`() {
        let places = SharedPlaces<Int>(1, share: 8)

        #expect(places.take(for: 0) && !places.take(for: 0) && !places.take(for: 1))
    }
}
