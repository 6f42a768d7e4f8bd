import Identity
import OAuth
import OpenBanking
import Pages
import Primitives
import TestSupport
import Testing

@testable import CustomerPages

extension Person {
    static let amina = Person(
        id: PersonID(trusted: "usr_amina"), population: .customer, world: OrganisationID(trusted: "org_demo"), signInName: "amina.traveler",
        name: "Amina Traveler",
        givenName: "Amina", email: "amina@example.test", emailConfirmedAt: nil, phone: nil, createdAt: .epoch, disabledAt: nil)
}

@Suite("What an app would see, in words")
struct ConsentWordsTests {
    private static let since = Timestamp(iso8601: "2026-08-21T06:00:00Z")
    private static let open = DataWindow(from: nil, to: nil)!  // two open ends are in order

    @Test func `everything is told, with its time`() throws {
        let window = try #require(DataWindow(from: Self.since, to: nil))

        let words = ConsentWords(permissions: PermissionSet(trusted: Permission.allCases), window: window)

        #expect(words.items.map(\.title) == ["Account names and numbers", "Balances", "Transactions"])
        #expect(words.items.last?.detail == "Amount, date, what it was for and the other party’s name, since 21 August 2026")
        #expect(words.nots == ["It cannot move money, and it never gets your password"])
    }

    @Test func `what is not asked for is said too`() {
        let words = ConsentWords(permissions: PermissionSet(trusted: [.readAccountsBasic]), window: Self.open)

        #expect(words.items.map(\.title) == ["Account names"])
        #expect(words.nots.contains("It does not see your balances") && words.nots.contains("It does not see your transactions"))
    }

    @Test(arguments: [
        ([Permission.readTransactionsBasic, .readTransactionsCredits], "Money that comes in"),
        ([.readTransactionsBasic, .readTransactionsDebits], "Money that goes out"),
        ([.readTransactionsBasic, .readTransactionsDebits, .readTransactionsCredits], "Transactions"),
    ]) func `the direction of money is told`(permissions: [Permission], title: String) {
        let words = ConsentWords(permissions: PermissionSet(trusted: [.readAccountsBasic] + permissions), window: Self.open)

        #expect(words.items.contains { $0.title == title && $0.detail?.hasPrefix("Amount and date, not who it was with") == true })
    }

    @Test func `an app that only asks who somebody is sees no accounts`() {
        let words = ConsentWords(scope: [.openid, .profile, .email, .phone], person: .amina)

        #expect(words.items.map(\.detail) == ["Amina Traveler", "amina@example.test", "You have given us none"])
        #expect(words.nots == ["It sees none of your accounts, and it never gets your password"])
        #expect(ConsentWords(scope: [.openid], person: .amina).items.count == 1)
    }

    @Test func `one sentence for a list`() throws {
        let window = try #require(DataWindow(from: Self.since, to: Self.since))

        #expect(
            ConsentWords.sees(PermissionSet(trusted: Permission.allCases), window)
                == "Account names and numbers, balances and transactions from 21 August 2026 to 21 August 2026")
    }
}
