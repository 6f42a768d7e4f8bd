internal import AccessTokens
internal import Consents
internal import Contract
internal import HTTPTypes
internal import Hummingbird
internal import Metering
internal import OAuth
internal import Primitives
internal import Web

extension DecisionRecord {
    init(
        _ call: Call, _ answer: Answer, checks: [Check], status: Int, duration: Duration, problem: String?
    ) {
        let violation = answer.problem?.errors.first
        let claims = call.claims ?? call.expiredClaims
        let (seconds, attoseconds) = duration.components
        self.init(
            requestID: call.requestID, receivedAt: call.now, durationMicroseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000,
            organisationID: claims?.organisationID, appID: claims?.appID, clientID: claims?.clientID.text, consentID: call.consent?.id,
            personID: call.consent?.personID, accountID: call.accountID, method: call.request.method.rawValue, path: call.request.uri.path,
            operation: call.operation.id, status: status, outcome: answer.outcome, rule: answer.rule, expected: violation?.expected, got: violation?.got,
            checks: checks, cost: call.unit == nil ? 0 : 1, records: answer.upstream?.records, clientAddress: call.client.text, problem: problem)
    }
}
