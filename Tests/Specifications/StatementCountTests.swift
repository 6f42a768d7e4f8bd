import Applications
import Foundation
import HTTPTypes
import HummingbirdTesting
import Identity
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

struct StatementCount: Equatable {
    var all: Int
    var writing: Int
}

extension TestServer {
    /// SQL statements that a piece of work takes once everything is known, and those of them that write: the least of ten times, for other work goes on
    /// beside it.
    func statements(_ work: () async throws -> Void) async throws -> StatementCount {
        var least = StatementCount(all: .max, writing: .max)
        for _ in 0..<10 {
            let before = StatementCount(all: database.statistics.statements, writing: database.statistics.writingStatements)
            try await work()
            least.all = min(least.all, database.statistics.statements - before.all)
            least.writing = min(least.writing, database.statistics.writingStatements - before.writing)
        }
        return least
    }
}

/// How many statements each operation takes; `script/bench` prints the same of a busy server. Plans without a limit, whose calls are counted in groups.
@Suite("What each operation asks of the database")
struct StatementCountTests {
    @Test(arguments: Engine.available)
    func `a token takes none, and a balance one read`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(plan: .unlimited)
            let token = try await server.consented(app, permissions: ["ReadAccountsBasic", "ReadBalances"]).token
            let account = try await server.account(token)
            try await server.settle()

            let issued = try await server.statements {
                let issued = try await server.appToken(app)
                #expect(!issued.isEmpty)
            }
            let balance = try await server.statements {
                let answer = try await server.call("/v1/accounts/\(account)/balance", token: token)
                #expect(answer.status == .ok)
            }

            #expect(issued == StatementCount(all: 0, writing: 0))
            #expect(balance == StatementCount(all: 1, writing: 0))
        }
    }

    @Test(arguments: Engine.available)
    func `the list of apps reads the secrets of each app, and the rest together`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let developer = try await server.developer()
            let app = TestApp(app: try await server.demoApp(), secret: nil)
            func read() async throws -> Int { try await server.statements { try await developer.open("/portal/apps") }.all }

            let one = try await read()
            for _ in 0..<3 { _ = try await server.sibling(of: app) }
            try await server.settle()
            let four = try await read()

            #expect((await developer.page).components(separatedBy: "Sibling").count > 3)
            #expect(four == one + 3)
        }
    }

    @Test(arguments: Engine.available)
    func `a refresh reads once, and writes once when the token changes`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (confidential, phone) = (try await server.register(plan: .unlimited), try await server.register(.native, plan: .unlimited))
            let kept = try await server.tokens(for: confidential, [("scope", "openid offline_access accounts.read")]).refresh
            var changing = try await server.tokens(for: phone, [("scope", "openid offline_access accounts.read")]).refresh
            try await server.settle()

            let unchanged = try await server.statements {
                let answer = try await server.refresh(kept, by: confidential)
                #expect(answer.status == .ok)
            }
            let changed = try await server.statements {
                let answer = try await server.refresh(changing, by: phone)
                #expect(answer.status == .ok)
                changing = answer.json["refresh_token"] as? String
            }

            #expect(unchanged == StatementCount(all: 1, writing: 0))
            #expect(changed == StatementCount(all: 2, writing: 1))
        }
    }

    @Test(arguments: Engine.available)
    func `a code is exchanged by one read and one write`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(plan: .unlimited)
            var waiting: [Authorization] = []
            for _ in 0..<10 { waiting.append(try await server.authorize(app)) }
            try await server.settle()

            let exchanged = try await server.statements {
                let answer = try await server.redeem(waiting.removeLast(), by: app)
                #expect(answer.status == .ok)
            }

            #expect(exchanged == StatementCount(all: 2, writing: 1))
        }
    }
}
