import AccessTokens
import Applications
public import Bank
public import Consents
import Events
public import Identity
import OAuth
import OpenBanking
public import Primitives
import Storage

extension AuthorizationEndpoint {
    /// What a decision led to.
    public enum Decision: Sendable {
        /// 303 to the app.
        case answer(AuthorizationAnswer)
        /// An error page, status 400: there is no address any more that the answer may go to.
        case page(AuthorizationPageError)
        /// It was decided before: one authorization has one answer.
        case alreadyAnswered
        /// The choice cannot be taken; the sentence goes into the page's error summary.
        case refusedChoice(String)
    }

    /// The customer approves. Consent, grant, code and audit are one transaction.
    /// - Parameters:
    ///   - own: the accounts that the customer was asked about, as they stand now.
    ///   - decider: whether it is the customer themselves.
    public func approve(
        _ asked: AuthorizationTransaction, by session: Session, as decider: ConsentDecider = .themselves, accounts chosen: [AccountID],
        among own: [Account],
        at now: Timestamp, requestID: RequestID?
    ) async throws -> Decision {
        try await approve(asked, by: session, as: decider, accounts: chosen, among: own, restingOn: nil, at: now, requestID: requestID)
    }

    /// - Parameter earlier: what a silent approval repeats, and ends with.
    func approve(
        _ asked: AuthorizationTransaction, by session: Session, as decider: ConsentDecider, accounts chosen: [AccountID], among own: [Account],
        restingOn earlier: Grant?, at now: Timestamp, requestID: RequestID?
    ) async throws -> Decision {
        let found = try await apps.find(asked.appID)
        guard let app = found, app.isActive else {
            return .answer(envelope(asked, at: now).error(.against(.appInUse, found?.inactiveSentence ?? "The app was removed.")))
        }
        let transaction: AuthorizationTransaction
        switch current(asked, of: app, at: now) {
        case .success(let remaining): transaction = remaining
        case .failure(.redirectURI(let error)): return .page(error)
        case .failure(.scope(let error)): return .answer(envelope(asked, at: now).error(error))
        }
        guard app.meets(session.person), transaction.accepts(session, at: now), transaction.isMeant(for: session), transaction.isMet(by: session)
        else {
            return .refusedChoice("Sign in again to decide.")
        }
        guard try await paymentStep(transaction, of: app, session: session, at: now) == nil else { return .refusedChoice("Sign in again to decide.") }
        let code = AuthorizationCode(for: transaction.id, from: randomness)
        let approval = Approval(
            transaction: transaction, app: app, session: session, decider: decider, accounts: chosen, earlier: earlier, requestID: requestID, now: now)
        if let refusal = refusal(of: approval, among: own) { return .refusedChoice(refusal) }
        do {
            // A consent of its own is new, as all the rest: nothing is looked for.
            guard transaction.consentID != nil else { return try await database.insert { try decide(approval, with: code, among: own, in: $0) } }
            return try await database.write { try decide(approval, with: code, among: own, in: $0) }
        } catch let error as StorageError {
            // In another tab: one authorization has one row.
            guard case .conflict = error, try await isAnswered(transaction) else { throw error }
            return .alreadyAnswered
        }
    }

    private func decide(_ approval: Approval, with code: AuthorizationCode, among own: [Account], in tx: any WriteTransaction) throws -> Decision {
        let (transaction, now) = (approval.transaction, approval.now)
        if let refusal = try refusalToPay(approval, among: own, in: tx) { return .refusedChoice(refusal) }
        let grantID = grants.newID(at: now)
        // Ahead of a consent that was lodged, as a rejection has it: two that meet do not lock each other out.
        let isLate = transaction.consentID == nil
        try answers.approve(transaction, with: code, for: grantID, methods: approval.session.methods, late: isLate, at: now, in: tx)
        // Of a code that leads to no grant nobody is told.
        if let error = try grant(approval, as: grantID, in: tx) { return .answer(envelope(transaction, at: now).error(error)) }
        return .answer(envelope(transaction, at: now).code(code.value))
    }

    /// The customer rejects, signed in or not.
    public func reject(
        _ transaction: AuthorizationTransaction, by session: Session?, as decider: ConsentDecider = .themselves, at now: Timestamp, requestID: RequestID?
    ) async throws -> Decision {
        let app = try await apps.find(transaction.appID)
        if let app, case .failure(.redirectURI(let error)) = current(transaction, of: app, at: now) { return .page(error) }
        // Only the customer whom the app meets decides about a lodged consent; somebody who never signed in merely leaves.
        let person = session.flatMap { session in app.map { $0.meets(session.person) } == true ? session.person.id : nil }
        return try await database.write { tx in
            guard try answers.reject(transaction, at: now, in: tx) else { return .alreadyAnswered }
            if let id = transaction.consentID, let person { _ = try consents.reject(id, by: person, as: decider, at: now, requestID: requestID, in: tx) }
            return .answer(envelope(transaction, at: now).error(.against(.approved, "The customer did not approve.")))
        }
    }

    private struct Approval {
        let transaction: AuthorizationTransaction
        let app: App
        let session: Session
        let decider: ConsentDecider
        let accounts: [AccountID]
        let earlier: Grant?
        let requestID: RequestID?
        let now: Timestamp
    }

    /// The chosen accounts are the customer's own and open, and there is one at least.
    private func refusal(of approval: Approval, among own: [Account]) -> String? {
        guard approval.transaction.asksForAccounts else { return nil }
        let pays = approval.transaction.scope.contains(.paymentsWrite)
        guard !approval.accounts.isEmpty else { return pays ? "Choose one account to pay from." : "Choose at least one account." }
        for id in approval.accounts {
            guard let account = own.first(where: { $0.id == id }) else { return "Choose among your own accounts." }
            if let reason = account.reasonNotShareable { return "\(account.name) cannot be shared: \(reason)." }
        }
        return nil
    }

    /// A payment is made from one account, which its terms allow.
    private func refusalToPay(_ approval: Approval, among own: [Account], in tx: any ReadTransaction) throws -> String? {
        guard approval.transaction.scope.contains(.paymentsWrite), let id = approval.transaction.consentID,
            let terms = try consents.find(id, in: tx)?.payment
        else { return nil }
        guard approval.accounts.count == 1, let account = own.first(where: { approval.accounts.contains($0.id) }) else {
            return "Choose one account to pay from."
        }
        return terms.reasonNotPaying(from: account).map { "\(account.name) cannot pay this: \($0)." }
    }

    /// - Returns: why there is no grant.
    private func grant(_ approval: Approval, as grantID: GrantID, in tx: any WriteTransaction) throws -> OAuthError? {
        let (transaction, person, now) = (approval.transaction, approval.session.person.id, approval.now)
        var consent: Consent?
        if let id = transaction.consentID {
            consent = try consents.authorise(
                id, by: person, as: approval.decider, accounts: approval.accounts, grant: grantID, at: now, requestID: approval.requestID, in: tx)
            // It was withdrawn, decided elsewhere or has expired since the page was shown.
            guard consent != nil else { return .against(.lodgedConsent, "The consent does not wait for a customer any more.") }
        } else if let new = consentOfItsOwn(approval) {
            consent = try consents.lodgeAuthorised(
                new, by: person, as: approval.decider, accounts: approval.accounts, grant: grantID, at: now, requestID: approval.requestID, in: tx)
        }
        // What is repeated silently ends when that ends which it repeats, and with the consent that it was given with.
        let basis: (consent: ConsentID?, end: Timestamp)
        if let consent {
            basis = (consent.id, consent.expiresAt)
        } else if let earlier = approval.earlier {
            basis = (earlier.consentID, earlier.expiresAt)
        } else {
            basis = (nil, now + NewGrant.standardLifetime)
        }
        let new = NewGrant(
            appID: approval.app.id, clientID: approval.app.clientID, personID: person, consentID: basis.consent, scope: transaction.scope,
            authenticatedAt: approval.session.authenticatedAt, level: level(of: approval), expiresAt: basis.end)
        _ = try grants.create(new, id: grantID, by: approval.decider.actor(person), at: now, requestID: approval.requestID, in: tx)
        return nil
    }

    /// How sure of the customer the app is told that we are. What it merely wished for does not hide the code that lets money leave (RFC 9470).
    private func level(of approval: Approval) -> AuthenticationLevel {
        let (reached, asked) = (approval.session.level, approval.transaction.authentication)
        guard let asked, asked.isEssential || !approval.transaction.scope.contains(.paymentsWrite) else { return reached }
        return asked.told(of: reached)
    }

    /// Plain API scopes make a consent of their own.
    private func consentOfItsOwn(_ approval: Approval) -> NewConsent? {
        guard let permissions = PermissionSet.defaults(forScopes: approval.transaction.scope.ordered.map(\.rawValue)) else { return nil }
        return NewConsent(
            appID: approval.app.id, organisationID: approval.app.organisationID, permissions: permissions,
            expiresAt: approval.now + ConsentTerm.standard)
    }
}
