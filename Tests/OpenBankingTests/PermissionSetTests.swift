import OpenBanking
import Testing

@Suite("Permissions")
struct PermissionSetTests {
    @Test func `the smallest set is one level of accounts`() throws {
        #expect(try PermissionSet(names: ["ReadAccountsBasic"]).names == ["ReadAccountsBasic"])
        #expect(try PermissionSet(names: ["ReadAccountsDetail"]).scopes == ["accounts.read"])
    }

    @Test func `names keep the catalogue's order whatever order they came in`() throws {
        let set = try PermissionSet(names: ["ReadTransactionsDebits", "ReadBalances", "ReadTransactionsDetail", "ReadAccountsBasic"])

        #expect(set.names == ["ReadAccountsBasic", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsDebits"])
        #expect(set.scopes == ["accounts.read", "transactions.read"])
    }

    @Test(arguments: [
        ([], PermissionRefusal.empty),
        (["ReadEverything"], .unknown("ReadEverything")),
        (["readaccountsbasic"], .unknown("readaccountsbasic")),
        (["ReadAccountsBasic", "ReadAccountsBasic"], .repeated(.readAccountsBasic)),
        (["ReadBalances"], .accountsMissing),
        (["ReadTransactionsBasic", "ReadTransactionsCredits"], .accountsMissing),
        (["ReadAccountsBasic", "ReadTransactionsCredits"], .levelMissing),
        (["ReadAccountsBasic", "ReadTransactionsDebits"], .levelMissing),
        (["ReadAccountsBasic", "ReadTransactionsDetail"], .directionMissing),
        (["ReadAccountsDetail", "ReadTransactionsBasic"], .directionMissing),
    ])
    func `what does not go together is refused with its rule`(names: [String], refusal: PermissionRefusal) {
        #expect(throws: refusal) { try PermissionSet(names: names) }
        #expect(refusal.rule.hasPrefix("permissions."))
        #expect(!refusal.expected.isEmpty && !refusal.got.isEmpty)
    }

    @Test func `of all 128 sets exactly those that keep the three rules are accepted`() {
        for bits in 0..<(1 << Permission.allCases.count) {
            let permissions = Permission.allCases.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)
            let has = { permissions.contains($0) }
            let accounts = has(.readAccountsBasic) || has(.readAccountsDetail)
            let level = has(.readTransactionsBasic) || has(.readTransactionsDetail)
            let direction = has(.readTransactionsCredits) || has(.readTransactionsDebits)

            let accepted = (try? PermissionSet(names: permissions.map(\.rawValue))) != nil

            #expect(accepted == (accounts && level == direction), "\(permissions)")
        }
    }

    @Test func `the defaults of plain scopes are sound and cover exactly those scopes`() throws {
        let accounts = try #require(PermissionSet.defaults(forScopes: ["openid", "accounts.read"]))
        let transactions = try #require(PermissionSet.defaults(forScopes: ["transactions.read"]))
        let both = try #require(PermissionSet.defaults(forScopes: ["accounts.read", "transactions.read"]))

        #expect([accounts, transactions, both].allSatisfy { $0.validate() == nil })
        #expect(accounts.scopes == ["accounts.read"])
        #expect(both.scopes == ["accounts.read", "transactions.read"])
        #expect(both.permissions == Set(Permission.allCases))
        #expect(!transactions.contains(.readBalances))
    }

    @Test func `scopes without account data need no consent`() {
        #expect(PermissionSet.defaults(forScopes: ["openid", "profile", "email"]) == nil)
        #expect(PermissionSet.defaults(forScopes: []) == nil)
    }

    @Test func `the stored form reads back, and a name that we never wrote does not`() throws {
        let set = try PermissionSet(names: ["ReadAccountsBasic", "ReadBalances"])

        #expect(PermissionSet(stored: set.text) == set)
        #expect(PermissionSet(stored: "ReadAccountsBasic ReadEverything") == nil)
    }

    @Test func `every permission has words for the customer`() {
        #expect(Set(Permission.allCases.map(\.words)).count == Permission.allCases.count)
    }
}
