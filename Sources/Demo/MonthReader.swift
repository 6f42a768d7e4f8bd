internal import Primitives
internal import Web

/// Reads one month through the API, the way a partner's backend does: lists the accounts, then each one's balance and transactions.
struct MonthReader {
    let platform: PlatformClient
    let now: Timestamp

    enum Outcome {
        case read(MonthPage)
        /// The consent or the grant is no longer in force.
        case ended(Refusal)
        /// Too many calls; seconds to wait.
        case later(Int)
    }

    struct Refusal: Error {
        let status: Int
        let problem: PlatformProblem
    }

    /// Pages of transactions read per account at most: 500 each, far more than a month of anybody here.
    private static let pageLimit = 8

    func read(_ month: CalendarMonth, with connection: inout Connection) async throws -> Outcome {
        var calls: [PlatformClient.Call] = []
        do {
            if connection.accessTokenExpiresAt <= now + .seconds(10) { try await renew(&connection) }
            let list = try await get("/v1/accounts?limit=100", with: &connection, calls: &calls).decode(AccountList.self)
            var accounts: [(account: Account, balance: Balance?)] = []
            var transactions: [Transaction] = []
            for account in list.data {
                let id = Web.Parameters.encode(account.id)
                let balance = try await get("/v1/accounts/\(id)/balance", with: &connection, calls: &calls).decode(Balance.self)
                accounts.append((account, balance))
                transactions += try await self.transactions(of: id, in: month, with: &connection, calls: &calls)
            }
            return .read(MonthPage(connection: connection, month: month, accounts: accounts, transactions: transactions, calls: calls, now: now))
        } catch let refusal as Refusal {
            return refusal.status == 429 ? .later(30) : .ended(refusal)
        }
    }

    private func transactions(of id: String, in month: CalendarMonth, with connection: inout Connection, calls: inout [PlatformClient.Call]) async throws
        -> [Transaction]
    {
        var transactions: [Transaction] = []
        let to = month == CalendarMonth(of: now) ? "" : "&to=\(month.last)"
        var next: String? = "/v1/accounts/\(id)/transactions?from=\(month.first)\(to)&limit=500"
        for _ in 0..<Self.pageLimit {
            guard let path = next else { break }
            let page = try await get(path, with: &connection, calls: &calls).decode(TransactionList.self)
            transactions += page.data
            // A link elsewhere would carry our token there.
            next = page.links.next.flatMap { $0.hasPrefix(platform.issuer.text + "/") ? String($0.dropFirst(platform.issuer.text.count)) : nil }
        }
        return transactions
    }

    /// One call; an access token that is no longer taken is renewed once.
    private func get(_ path: String, with connection: inout Connection, calls: inout [PlatformClient.Call]) async throws -> PlatformClient.Answer {
        var answer = try await platform.api("GET", path, token: connection.accessToken)
        calls.append(answer.call)
        if answer.status == 401, connection.refreshToken != nil {
            try await renew(&connection)
            answer = try await platform.api("GET", path, token: connection.accessToken)
            calls.append(answer.call)
        }
        switch answer.status {
        case 200: return answer
        case 401, 403, 429: throw Refusal(status: answer.status, problem: answer.problem ?? .unknown(answer.status))
        default: throw DemoRefusal(answer.problem ?? .unknown(answer.status), doing: "A call failed: \(answer.call.method) \(answer.call.path)")
        }
    }

    private func renew(_ connection: inout Connection) async throws {
        guard let refresh = connection.refreshToken else {
            throw Refusal(
                status: 401,
                problem: PlatformProblem(
                    code: "expired_token", title: "The access token has expired", detail: nil, error: nil, error_description: nil, request_id: nil))
        }
        switch try await platform.token([("grant_type", "refresh_token"), ("refresh_token", refresh)]) {
        case .success(let tokens):
            connection.accessToken = tokens.access_token
            connection.accessTokenExpiresAt = now + .seconds(tokens.expires_in)
            connection.refreshToken = tokens.refresh_token ?? refresh
        case .failure(let problem) where problem.error == "invalid_grant": throw Refusal(status: 400, problem: problem)
        case .failure(let problem): throw DemoRefusal(problem, doing: "The access token could not be renewed.")
        }
    }
}
