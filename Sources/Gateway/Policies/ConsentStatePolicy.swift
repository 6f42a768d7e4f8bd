import AccessTokens
import Applications
import Consents
import Contract
import Metering
import OpenBanking
import Primitives
import Storage
import Web

/// The consent behind the token is in force now. It is looked at on every call: tokens and consents are two clocks.
///
/// What an app may do by itself it may do with a customer's token too, but not with one whose consent was ended.
struct ConsentStatePolicy: Policy {
    let name = "consent_state"
    let consents: ConsentDirectory
    /// Where the keys and their answers are.
    let database: any Database

    func checkAtOnce(_ call: inout Call) -> Verdict? {
        guard let claims = call.claims, let id = claims.consentID else {
            return call.rules.token == .customer ? noConsent : .skipped(.appAsksForItself)
        }
        guard let consent = consents.known(id) else { return nil }
        let verdict = verdict(on: consent, claims, &call)
        return hasEnded(call) ? nil : verdict
    }

    func check(_ call: inout Call) async throws -> Verdict {
        guard let claims = call.claims, let id = claims.consentID else { return noConsent }
        let verdict = verdict(on: try await consents.find(id), claims, &call)
        // A draw may have been made before the consent ended, and its answer lost: the same request finds it, and nothing new begins.
        guard hasEnded(call), let claim = IdempotencyClaim(of: call) else { return verdict }
        let answer = try await database.readOne { [now = call.now] in try IdempotencyRecords().answer(to: claim, at: now, in: $0) }
        return answer.map { Verdict.answered($0.replayed) } ?? verdict
    }

    /// Whether money would have left under a consent that was withdrawn or has expired.
    private func hasEnded(_ call: Call) -> Bool {
        guard call.rules.spendsConsent, let consent = call.consent else { return false }
        return [.revoked, .expired].contains(consent.status(at: call.now))
    }

    private var noConsent: Verdict {
        refused(
            .consentRequired, "The token carries no customer's consent.", expected: "a token that a customer approved", got: "a token of the app itself")
    }

    private func verdict(on consent: Consent?, _ claims: AccessTokenClaims, _ call: inout Call) -> Verdict {
        guard let consent, consent.appID == claims.appID, consent.personID == claims.personID else {
            // Another's consent looks like one that does not exist.
            return refused(.consentRequired, "The token carries no consent of this app and customer.", expected: "a consent of this app", got: "another")
        }
        // What the app created is not measured by what this customer allowed.
        if call.rules.token == .customer { call.consent = consent }
        let status = consent.status(at: call.now)
        // A payment's consent is used up by it. The app may still ask what became of the payment, and pay again under the same key.
        if status == .consumed, call.rules.spendsConsent || call.rules.token == .app { return .passed(.usedUp) }
        guard status == .authorised else { return refusal(consent.standing(at: call.now)) }
        return .passed(.inForce)
    }

    private func refusal(_ standing: ConsentStanding) -> Verdict {
        let got = "\(standing.status.rawValue) by \(standing.actor.rawValue) at \(standing.since.rfc3339)"
        switch standing.status {
        case .revoked: return refused(.consentRevoked, "\(Self.words(standing.actor)) withdrew the consent.", expected: "authorised", got: got)
        case .expired: return refused(.consentExpired, "The consent has expired.", expected: "authorised", got: got)
        case .consumed: return refused(.consentConsumed, "The consent's payment was made.", expected: "authorised", got: got)
        default: return refused(.consentNotAuthorised, "The consent is not in force.", expected: "authorised", got: got)
        }
    }

    private static func words(_ actor: ConsentActor) -> String {
        switch actor {
        case .customer: "The customer"
        case .partner: "The app"
        case .bank: "The bank"
        case .system: "The platform"
        }
    }
}
