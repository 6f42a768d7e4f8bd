import Applications
import AuthorizationServer
import Bank
import Consents
public import Gateway
import HTTPTypes
import JSON
import OpenBanking
import Payments
public import Primitives
public import Storage
import Web

/// The sandbox's controls behind the gateway (`/sandbox/v1`): an app works them with a token of its own, for its own consents and its own sandbox's customers.
/// The gateway lets no live app come here.
public struct SandboxControls: Upstream {
    let database: any Database
    let consents: Consents
    let wishes = RobotWishes()

    public init(database: any Database, randomness: any RandomSource = SystemRandom()) {
        self.database = database
        consents = Consents(randomness: randomness)
    }

    public func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        switch call.operation {
        case "listScenarios": Self.scenarios
        case "listSandboxCustomers": try await customers(call)
        case "authoriseConsentAsCustomer": try await tellRobot(call)
        case "revokeConsentAsCustomer": try await withdraw(call)
        default: throw Problem(.notFound, "There is no operation \(call.operation).")
        }
    }

    private static let scenarios = UpstreamAnswer.json(
        JSONObject([("data", .array(PaymentScenario.all.map { .object($0.json) }))]), records: PaymentScenario.all.count)

    private func customers(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let world = call.app.world
        let lives = try await database.read { tx in
            try Persona.all.map { ($0, try Accounts().list(of: $0.personID(in: world), in: tx)) }
        }
        let found = lives.filter { !$0.1.isEmpty }
        return .json(
            JSONObject([("data", .array(found.map { persona, accounts in .object(persona.json(accounts)) }))]), records: found.count)
    }
}

extension PaymentScenario {
    /// The contract's schema `Scenario`.
    fileprivate var json: JSONObject {
        var promised = JSONObject([("status", .integer(Int64(promise.status)))])
        promised.append("code", promise.code)
        promised.append("timeline", .array(promise.timeline.map { .string($0.rawValue) }))
        promised.append("reason", promise.reason?.rawValue)
        promised.append("reason_code", promise.reason?.iso20022)
        return JSONObject([
            ("name", .string(name)), ("description", .string(words)), ("amount", .string(Money(minorUnits: amount, currency: .kes).decimal)),
            ("creditor_account", .string(creditorAccount)), ("promises", .object(promised)),
        ])
    }
}

extension Persona {
    /// The contract's schema `SandboxCustomer`.
    fileprivate func json(_ accounts: [Account]) -> JSONObject {
        JSONObject([
            ("customer", .string(signInName)), ("name", .string(name)), ("good_for", .string(goodFor)),
            (
                "accounts",
                .array(
                    accounts.map {
                        .object(
                            JSONObject([
                                ("id", .string($0.id.rawValue)), ("name", .string($0.name)), ("currency", .string($0.currency.rawValue)),
                                ("status", .string($0.status.rawValue)),
                            ]))
                    })
            ),
        ])
    }
}
