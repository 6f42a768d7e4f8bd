import OpenBanking
import Primitives
import Testing

@Suite("Consent term and data window")
struct ConsentTermTests {
    private let now = Timestamp(iso8601: "2026-11-21T06:00:00Z")!  // a date that exists

    @Test func `an end in the future and within a year is accepted`() {
        #expect(ConsentTerm.refusal(expiresAt: now + .seconds(1), at: now) == nil)
        #expect(ConsentTerm.refusal(expiresAt: now + .days(366), at: now) == nil)
    }

    @Test func `now and earlier are past`() {
        #expect(ConsentTerm.refusal(expiresAt: now, at: now) == .past)
        #expect(ConsentTerm.refusal(expiresAt: now - .days(1), at: now) == .past)
    }

    @Test func `more than a year is too long, and absurd dates do not trap`() {
        #expect(ConsentTerm.refusal(expiresAt: now + .days(367), at: now) == .tooLong)
        #expect(ConsentTerm.refusal(expiresAt: .distantFuture, at: now) == .tooLong)
        #expect(ConsentTerm.refusal(expiresAt: Timestamp(milliseconds: .min), at: now) == .past)
    }

    @Test func `a window holds its ends`() throws {
        let window = try #require(DataWindow(from: now, to: now + .days(1)))

        #expect(window.contains(now) && window.contains(now + .days(1)))
        #expect(!window.contains(now - .milliseconds(1)) && !window.contains(now + .days(1) + .milliseconds(1)))
    }

    @Test func `an open end has no bound`() throws {
        let window = try #require(DataWindow(from: nil, to: nil))

        #expect(window.isOpen && window.contains(.epoch) && window.contains(.distantFuture))
    }

    @Test func `a window that ends before it begins is none`() {
        #expect(DataWindow(from: now, to: now - .seconds(1)) == nil)
    }
}
