internal import AccessTokens
internal import Consents
internal import Contract
internal import HTTPTypes
internal import Hummingbird
internal import Metering
internal import OAuth
internal import Primitives
internal import Web

extension Call {
    /// What is kept of it.
    func record(_ answer: Answer, checks: [DecisionRecord.Check], status: Int, duration: Duration, problem: String?) -> DecisionRecord {
        let violation = answer.problem?.errors.first
        let claims = claims ?? expiredClaims
        let (seconds, attoseconds) = duration.components
        return DecisionRecord(
            requestID: requestID, receivedAt: now, durationMicroseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000,
            organisationID: claims?.organisationID, appID: claims?.appID, clientID: claims?.clientID.text, consentID: consent?.id,
            personID: consent?.personID, accountID: accountID, method: request.method.rawValue, path: request.uri.path, operation: operation.id, status: status,
            outcome: answer.outcome, rule: answer.rule, expected: violation?.expected, got: violation?.got, checks: checks, cost: unit == nil ? 0 : 1,
            records: answer.upstream?.records, clientAddress: client.text, problem: problem)
    }
}
