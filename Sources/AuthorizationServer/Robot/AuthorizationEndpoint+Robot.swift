import Applications
import Bank
import Consents
import Identity
import OAuth
import Primitives
import Storage

/// The sandbox's robot customer: it decides where a person would, on the same way. Request, consent and code pass every check that they pass for a person; only
/// the pages are left out.
extension AuthorizationEndpoint {
    /// - Returns: `nil` when the robot has nothing to do with it: the app is live, or told it nothing.
    func robotAnswer(
        to request: ResolvedRequest, as transaction: AuthorizationTransaction, of app: App, at now: Timestamp, requestID: RequestID?
    ) async throws -> AuthorizationAnswer? {
        // `prompt=none` asks for what is there without anybody.
        guard app.environment == .sandbox, !transaction.isSilent else { return nil }
        switch wish(of: request, of: app) {
        case .failure(let error): return envelope(transaction, at: now).error(error)
        case .success(let wish?): return try await answer(transaction, of: app, with: wish, at: now, requestID: requestID)
        case .success(nil):
            guard let id = transaction.consentID, let wish = try await database.readOne({ [wishes] in try wishes.find(for: id, at: now, in: $0) })
            else { return nil }
            return try await answer(transaction, of: app, with: wish, keptFor: id, at: now, requestID: requestID)
        }
    }

    /// The wish among the parameters, when it is the app's: what stands in an address may come from anybody, who would then see the world's customers.
    func wish(of request: ResolvedRequest, of app: App) -> Result<RobotWish?, OAuthError> {
        guard app.environment == .sandbox else { return .success(nil) }
        do throws(OAuthError) {
            guard let wish = try RobotWish(request.parameters) else { return .success(nil) }
            guard request.transport.isSigned || (request.transport.isPushed && !app.isPublic) else {
                throw .against(
                    .robotProof, "The robot customer takes no orders from an address.",
                    expected: "a request that the app pushed with its credentials, or signed",
                    received: .note(app.isPublic ? "a request of an app without credentials" : "parameters in the address"))
            }
            return .success(wish)
        } catch {
            return .failure(error)
        }
    }

    /// - Parameter consent: for which the wish was kept, to be taken by one request that the robot may answer.
    /// - Returns: `nil` when another request took it.
    private func answer(
        _ begun: AuthorizationTransaction, of app: App, with wish: RobotWish, keptFor consent: ConsentID? = nil, at now: Timestamp, requestID: RequestID?
    ) async throws -> AuthorizationAnswer? {
        let envelope = envelope(begun, at: now)
        let person = try await database.readOne { tx in try wish.persona.flatMap { try People().find($0.personID(in: app.world), in: tx) } }
        guard let person, app.meets(person) else {
            return envelope.error(.against(.robotWish, "The app's sandbox has no such customer.", received: .value(wish.customer)))
        }
        let session = Session.ofRobot(person, at: now, from: randomness)
        // It has just signed in, as `prompt=login` and `max_age` may ask.
        let transaction = begun.started(session)
        // Who turns back does not sign in.
        guard wish.decision == .abandon || transaction.isMeant(for: session) else {
            return envelope.error(.against(.robotMeant, "Another customer than the robot would have to sign in.", received: .value(wish.customer)))
        }
        if let consent, try await !database.write({ [wishes] in try wishes.take(wish, for: consent, in: $0) }) { return nil }
        let decision: Decision
        switch wish.decision {
        case .abandon: decision = try await reject(transaction, by: nil, at: now, requestID: requestID)
        case .reject: decision = try await reject(transaction, by: session, as: .robot(of: app.id), at: now, requestID: requestID)
        case .approve:
            switch try await question(transaction, app: app, person: person, at: now) {
            case .failure(let error): return envelope.error(error)
            case .success(let question):
                decision = try await approve(
                    transaction, by: session, as: .robot(of: app.id), accounts: wish.accounts.isEmpty ? question.choice : wish.accounts,
                    among: question.accounts, at: now, requestID: requestID)
            }
        }
        return switch decision {
        case .answer(let answer): answer
        case .page: envelope.error(.against(.pageSeen, "The customer has to see a page."))
        case .alreadyAnswered: envelope.error(.against(.pushedReference, "The request was answered before."))
        case .refusedChoice(let sentence): envelope.error(.against(.robotWish, sentence, received: .value(wish.customer)))
        }
    }
}

extension AuthorizationTransaction {
    fileprivate func started(_ session: Session) -> AuthorizationTransaction {
        var transaction = self
        transaction.startedSession = session.id
        return transaction
    }
}

extension ConsentQuestion {
    /// What the robot picks when it is not told: every account that can be chosen; to pay, the first one.
    fileprivate var choice: [AccountID] {
        let offered = accounts.filter { reasonNotOffered($0) == nil }.map(\.id)
        return payment == nil ? offered : Array(offered.prefix(1))
    }
}
