import Metering
import Primitives
import Storage

let acme = OrganisationID(trusted: "org_acme")
let budget = AppID(trusted: "app_budget")
let amina = PersonID(trusted: "usr_amina")
let consent = ConsentID(trusted: "cns_1")
let start = Timestamp(seconds: 1_795_240_800)

func record(
    _ id: String, at moment: Timestamp = start, app: AppID = budget, organisation: OrganisationID = acme, outcome: DecisionOutcome = .allowed,
    operation: String? = "listAccounts", cost: Int = 1,
    checks: [DecisionRecord.Check] = [
        .init(rule: "token", result: .passed, detail: "signed, \"quoted\"\tand\nbroken"), .init(rule: "scope", result: .failed, detail: "too small"),
        .init(rule: "route", result: .skipped, detail: ""),
    ]
) -> DecisionRecord {
    DecisionRecord(
        requestID: RequestID(trusted: "req_\(id)"), receivedAt: moment, durationMicroseconds: 812, organisationID: organisation, appID: app,
        clientID: "acme-budget", consentID: consent, personID: amina, accountID: AccountID(trusted: "acc_1"), method: "GET", path: "/v1/accounts",
        operation: operation, status: outcome == .allowed ? 200 : 403, outcome: outcome, rule: outcome == .allowed ? nil : "scope",
        expected: outcome == .allowed ? nil : "accounts.read", got: outcome == .allowed ? nil : "openid",
        checks: checks, cost: cost, records: 2, clientAddress: "192.0.2.7", problem: outcome == .allowed ? nil : #"{"code":"insufficient_scope"}"#)
}

/// A group that an earlier attempt may have written.
func again(_ records: [DecisionRecord]) -> DecisionGroup {
    var group = DecisionGroup(records)
    group.mayBeThere = true
    return group
}

/// The record alone, as nodes kept it that knew no packs.
func insertUnpacked(_ call: DecisionRecord, checks: String = "", in tx: any WriteTransaction) throws {
    try tx.execute(
        """
        INSERT INTO decision_record (request_id, received_ms, duration_us, organisation_id, app_id, consent_id, person_id, method, path,
            status, outcome, checks, cost, client_address)
        VALUES (\(call.requestID), \(call.receivedAt.milliseconds), 1, \(acme), \(call.appID ?? budget), \(consent), \(amina), 'GET', '/v1/accounts',
            200, \(call.outcome), \(checks), \(call.cost), 'local')
        """)
}
