import AccessTokens
import Applications
import Bank
import Consents
public import Identity
import OAuth
import OpenBanking
public import Primitives
import Storage

extension AuthorizationEndpoint {
    /// What the customer's browser is shown next.
    public enum Step: Sendable {
        /// They have to sign in, or to sign in again.
        case signIn
        /// Their password was right; a one-time code is due.
        case code(FirstStep)
        /// They are signed in with their password alone, and the app asks for a one-time code too (RFC 9470 §4).
        case stepUp
        /// The same, and they have no second factor: they may turn one on.
        case secondFactor(isEssential: Bool)
        case consent(ConsentQuestion)
        /// 303 to the app.
        case answer(AuthorizationAnswer)
        /// An error page, status 400: there is no address any more that the answer may go to.
        case page(AuthorizationPageError)
        /// It was decided before, in another tab or before the back button.
        case alreadyAnswered
    }

    /// - Parameters:
    ///   - session: the customer's, if there is one; a session of another world or population does not count.
    ///   - isDeciding: whether a decision follows, whose own row tells if there was one before.
    public func step(_ asked: AuthorizationTransaction, session: Session?, isDeciding: Bool = false, at now: Timestamp) async throws -> Step {
        let envelope = envelope(asked, at: now)
        let found = try await apps.find(asked.appID)
        guard let app = found, app.isActive else {
            return .answer(envelope.error(.against(.appInUse, found?.inactiveSentence ?? "The app was removed.")))
        }
        let transaction: AuthorizationTransaction
        switch current(asked, of: app, at: now) {
        case .success(let remaining): transaction = remaining
        case .failure(.redirectURI(let error)): return .page(error)
        case .failure(.scope(let error)): return .answer(envelope.error(error))
        }
        if let first = transaction.firstStep, first.isOpen(at: now) { return .code(first) }
        guard let session, app.meets(session.person), transaction.accepts(session, at: now), transaction.isMeant(for: session) else {
            guard transaction.isSilent else { return .signIn }
            return .answer(envelope.error(.against(.signedIn, "The customer has to sign in.")))
        }
        if let step = try await stepUp(transaction, session: session, at: now) { return step }
        if transaction.isSilent { return .answer(try await silentAnswer(transaction, app: app, session: session, at: now)) }
        if let step = try await paymentStep(transaction, of: app, session: session, at: now) { return step }
        if !isDeciding, try await isAnswered(transaction) { return .alreadyAnswered }
        switch try await question(transaction, app: app, person: session.person, at: now) {
        case .success(let question): return .consent(question)
        case .failure(let error):
            // What was decided before is what a lodged consent does not wait for any more.
            if isDeciding, try await isAnswered(transaction) { return .alreadyAnswered }
            return .answer(envelope.error(error))
        }
    }

    func isAnswered(_ transaction: AuthorizationTransaction) async throws -> Bool {
        try await database.readOne { try answers.isAnswered(transaction.id, in: $0) }
    }

    /// What comes before the question when the session is less sure of the customer than the app asks for.
    /// - Returns: `nil` when it is sure enough, or the customer went on without.
    private func stepUp(_ transaction: AuthorizationTransaction, session: Session, at now: Timestamp) async throws -> Step? {
        if transaction.asksForMore(than: session), !transaction.isSilent {
            let isEnrolled = try await database.readOne { try SecondFactors.isEnrolled(session.person.id, in: $0) }
            return isEnrolled ? .stepUp : .secondFactor(isEssential: !transaction.isMet(by: session))
        }
        guard !transaction.isMet(by: session) else { return nil }
        let error: OAuthError =
            transaction.isSilent
            ? .against(.signedIn, "The customer has to sign in with a one-time code.")
            : .against(.levelReached, "The customer did not sign in with a one-time code.")
        return .answer(envelope(transaction, at: now).error(error))
    }

    /// What comes before a payment's approval by a session that is less sure of the customer than it has to be: who has a second factor uses it wherever money
    /// is to leave (Delegated Regulation (EU) 2018/389, article 4), and some profiles ask for one of everybody.
    /// - Returns: `nil` when the session is sure enough.
    func paymentStep(_ transaction: AuthorizationTransaction, of app: App, session: Session, at now: Timestamp) async throws -> Step? {
        guard transaction.scope.contains(.paymentsWrite), session.level < .passwordAndCode else { return nil }
        if try await database.readOne({ try SecondFactors.isEnrolled(session.person.id, in: $0) }) { return .stepUp }
        guard app.profile.rules.requiresSecondFactorForPayments else { return nil }
        guard transaction.wentOnWithoutCodeAt != nil else { return .secondFactor(isEssential: true) }
        return .answer(
            envelope(transaction, at: now).error(.against(.levelReached, "The customer did not approve the payment with a one-time code.")))
    }

    /// `prompt=none` (OpenID Connect Core §3.1.2.1): only who the customer is, granted to this app before and not taken back, can be told without a page.
    private func silentAnswer(
        _ transaction: AuthorizationTransaction, app: App, session: Session, at now: Timestamp
    ) async throws -> AuthorizationAnswer {
        let envelope = envelope(transaction, at: now)
        let consentRequired = envelope.error(.against(.decided, "The customer has to decide."))
        guard !transaction.asksForAccounts else { return consentRequired }
        // RFC 8252 §8.6, RFC 6749 §10.2: any program of the machine can ask in the name of an app that proves nothing, and hold its address.
        guard app.isConfidential || RedirectURI(registered: transaction.redirectURI).scheme == "https" else {
            return envelope.error(.against(.decided, "The customer has to decide: any program could ask in the name of this app."))
        }
        let granted = EarlierGrant(person: session.person.id, app: app.id, scope: transaction.scope, now: now)
        guard let earlier = try await granted.find(in: database) else { return consentRequired }
        switch try await approve(transaction, by: session, as: .themselves, accounts: [], among: [], restingOn: earlier, at: now, requestID: nil) {
        case .answer(let answer): return answer
        case .alreadyAnswered, .refusedChoice, .page: return envelope.error(.against(.pageSeen, "The customer has to see a page."))
        }
    }

    /// Each look is a read of its own, which needs no common snapshot: the transaction that writes the decision looks again.
    func question(
        _ transaction: AuthorizationTransaction, app: App, person: Person, at now: Timestamp
    ) async throws -> Result<ConsentQuestion, OAuthError> {
        var consent: Consent?
        if let id = transaction.consentID {
            consent = try await database.readOne { [consents] in try consents.find(id, in: $0) }
            if case .failure(let error) = LodgedConsentCheck.scope(
                of: consent, asked: transaction.scope, by: app, person: person.id, at: now)
            {
                return .failure(error)
            }
        }
        let permissions = consent?.permissions ?? PermissionSet.defaults(forScopes: transaction.scope.ordered.map(\.rawValue))
        let held = permissions == nil ? [] : try await database.readOne { [accounts] in try accounts.listWithBalances(of: person.id, at: now, in: $0) }
        return .success(
            ConsentQuestion(
                transaction: transaction, app: app, person: person, identityScopes: transaction.scope.filter { !$0.needsConsent },
                permissions: permissions, payment: consent?.payment, lodgedAt: consent?.createdAt, transactionsFrom: consent?.transactionsFrom,
                transactionsTo: consent?.transactionsTo,
                expiresAt: consent?.expiresAt ?? now + ConsentTerm.standard,
                accounts: held.map(\.account), balances: Dictionary(uniqueKeysWithValues: held.map { ($0.account.id, $0.balance) })))
    }
}

extension App {
    /// Whether it is one of the customers whom this app meets.
    func meets(_ person: Person) -> Bool { person.population == .customer && person.world == world && person.isActive }
}
