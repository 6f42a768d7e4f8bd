import Bank
import Consents
import Contract
import Gateway
import HTTPTypes
import OpenBanking
import Primitives
import Storage
import Web

/// What an app may read of a customer's accounts. The gateway has checked token, consent, permission, account and dates; what is left is to tell no more
/// than the permissions allow.
enum AccountOperations {
    @Sendable static func list(_ call: GuardedCall, _ database: any Database) async throws -> UpstreamAnswer {
        let consent = try call.requireConsent()
        let cursor = try call.cursor(AccountCursor.init)
        let limit = call.limit
        let accounts = try await database.readOne { tx in try Accounts().list(consent.accounts, in: tx) }
        // An account that was closed, frozen or locked since the customer chose it drops out alone.
        let shared = accounts.filter(\.isShareable).sorted { AccountCursor(after: $0) < AccountCursor(after: $1) }
        let rest = shared.filter { account in cursor.map { $0 < AccountCursor(after: account) } ?? true }
        let page = rest.prefix(limit)
        let next = rest.count > limit ? page.last.map { AccountCursor(after: $0).text } : nil
        return .json(PageAnswer(data: page.map(\.answer), links: call.links(next: next)).json, records: page.count)
    }

    @Sendable static func balance(_ call: GuardedCall, _ database: any Database) async throws -> UpstreamAnswer {
        let id = try call.requireAccount()
        let balance = try await database.readOne { [now = call.now] tx in try Accounts().balance(of: id, at: now, in: tx) }
        guard let balance, balance.status.isShareable else { throw try await call.dropped(id, database) }
        return .json(balance.answer, records: 1)
    }

    @Sendable static func transactions(_ call: GuardedCall, _ database: any Database) async throws -> UpstreamAnswer {
        let consent = try call.requireConsent()
        let id = try call.requireAccount()
        let cursor = try call.cursor(TransactionCursor.init)
        let filter = TransactionFilter(call.window, consent.permissions)
        let limit = call.limit
        let (balance, page) = try await database.read { tx in
            (
                try Accounts().balance(of: id, at: call.now, in: tx),
                try Transactions().list(account: id, filter: filter, after: cursor, limit: limit, in: tx)
            )
        }
        guard let balance, balance.status.isShareable else { throw try await call.dropped(id, database) }
        let isDetailed = consent.permissions.showsTransactionDetail
        return .json(
            PageAnswer(data: page.transactions.map { $0.answer(isDetailed: isDetailed) }, links: call.links(next: page.next?.text)).json,
            records: page.transactions.count)
    }

    @Sendable static func details(_ call: GuardedCall, _ database: any Database) async throws -> UpstreamAnswer {
        let id = try call.requireAccount()
        let account = try await database.readOne { tx in try Accounts().find(id, in: tx) }
        guard let account, account.isShareable else { throw try await call.dropped(id, database) }
        return .json(account.detailedAnswer, records: 1)
    }
}

extension TransactionFilter {
    /// What a consent's window and permissions leave: a direction that was not given is left out without a word.
    fileprivate init(_ window: ClosedRange<Timestamp>?, _ permissions: PermissionSet) {
        var directions: Set<Direction> = []
        if permissions.showsCredits { directions.insert(.credit) }
        if permissions.showsDebits { directions.insert(.debit) }
        self.init(from: window?.lowerBound, to: window?.upperBound, directions: directions)
    }
}

extension GuardedCall {
    fileprivate var limit: Int { parameters.integer("limit") ?? 100 }

    /// The gateway lets these operations pass only with a consent: without one nothing may be told.
    fileprivate func requireConsent() throws -> Consent {
        guard let consent else { throw Problem(.consentRequired, "The token carries no consent.") }
        return consent
    }

    fileprivate func requireAccount() throws -> AccountID {
        let consent = try requireConsent()
        guard let accountID, consent.accounts.contains(accountID) else {
            throw Problem(.accountNotInConsent, "The account is not one that the customer chose.")
        }
        return accountID
    }

    fileprivate func cursor<Cursor>(_ read: (String) -> Cursor?) throws -> Cursor? {
        guard let text = parameters.string("cursor") else { return nil }
        guard let cursor = read(text) else {
            throw Problem(
                .invalidRequest, "The cursor is not one that this list gave.",
                errors: [
                    Problem.Violation(
                        pointer: "/query/cursor", rule: "cursor", expected: "the cursor of a links.next of this list", got: text.beginning(bytes: 64))
                ])
        }
        return cursor
    }

    /// Why an account that the customer chose cannot be read any more.
    fileprivate func dropped(_ id: AccountID, _ database: any Database) async throws -> Problem {
        let account = try await database.readOne { tx in try Accounts().find(id, in: tx) }
        let detail = account?.reasonNotShareable.map { "The account is no longer shared: \($0)." } ?? "The account is no longer shared."
        return Problem(
            .accountNotInConsent, detail,
            errors: [
                Problem.Violation(
                    pointer: "/path/account_id", rule: "account_status", expected: AccountStatus.open.rawValue, got: account?.status.rawValue ?? "none")
            ])
    }

    /// The addresses of this page and of the next, with the request's own parameters.
    fileprivate func links(next: String?) -> PageLinks {
        let query = Parameters(urlEncoded: http.query ?? "") ?? Parameters()
        let kept = query.pairs.filter { $0.name != "cursor" }
        return PageLinks(
            current: address(query.pairs), next: next.map { cursor in address(kept + [(name: "cursor", value: cursor)]) })
    }

    private func address(_ pairs: [(name: String, value: String)]) -> String {
        base.address(http.path) + (pairs.isEmpty ? "" : "?\(Parameters(pairs).urlEncoded)")
    }
}
