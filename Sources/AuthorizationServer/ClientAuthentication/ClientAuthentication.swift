import AccessTokens
import Applications
import Identity
import OAuth
import Primitives
import Storage
import Web

/// Authenticates the app behind a request (RFC 6749 §2.3). A failed attempt ends it: nothing falls through to a weaker method.
struct ClientAuthentication: Sendable {
    let apps: AppDirectory
    let secretUse: SecretUse
    let methods: AllMethods
    let replays: any ReplayMemory
    /// Whoever knows such an app's `client_id` may be it (RFC 6749 §2.1), and a proof that was used is remembered for hours, whatever its request is answered.
    let proofsOfPublicClients = NetworkPace(burst: 1_000, every: .milliseconds(20))

    enum Outcome: Sendable {
        case authenticated(AuthenticatedClient)
        /// The app is who it says; the proof that came along was used before.
        case refusedProof(DPoPProof.Refusal, app: App)
        /// Nothing came of it, and nothing was spent.
        /// - wait: seconds.
        case delayed(OAuthError, wait: Int, app: App)
        /// - app: whom the request named, so that a browser app on its own origin can read why.
        case refused(OAuthError, app: App?)
    }

    /// - Parameter proof: one that is sound, to be spent with whatever proves the app.
    func authenticate(
        _ request: ClientAuthenticationRequest, proof: DPoPProof?, from client: ClientAddress, at now: Timestamp
    ) async throws -> Outcome {
        let attempt: ClientAttempt
        switch read(request) {
        case .success(let found): attempt = found
        case .failure(let error): return .refused(error, app: try await app(named: request.parameters))
        }
        guard let clientID = ClientID(attempt.clientID), let app = try await apps.find(clientID) else {
            return .refused(.invalidClient("No app has this client_id."), app: nil)
        }
        return try await check(attempt, for: app, in: request, proof, from: client, at: now)
    }

    /// The app whose `client_id` the form carries, whoever sent it.
    func app(named parameters: RequestParameters) async throws -> App? {
        guard let clientID = parameters["client_id"].flatMap(ClientID.init) else { return nil }
        return try await apps.find(clientID)
    }

    /// RFC 6749 §2.3: one method per request.
    private func read(_ request: ClientAuthenticationRequest) -> Result<ClientAttempt, OAuthError> {
        do {
            var attempts: [ClientAttempt] = []
            for method in methods.all {
                if let attempt = try method.attempt(in: request) { attempts.append(attempt) }
            }
            guard attempts.count <= 1 else {
                return .failure(
                    .against(
                        .oneMethod, "Two ways of client authentication were used at once.", expected: "one of them",
                        received: .note(attempts.flatMap(\.methods).names)))
            }
            guard let attempt = attempts.first else {
                return .failure(.against(.readableCredentials, "No client authentication was sent that this server supports."))
            }
            // A client_id beside the credentials may repeat the name, not change it.
            if let named = request.parameters["client_id"], named != attempt.clientID {
                return .failure(
                    .against(
                        .oneName, "The client_id in the form is not the one that authenticated.", expected: "the client_id of the credentials",
                        received: .value(named)))
            }
            return .success(attempt)
        } catch {
            return .failure(error)
        }
    }

    private func check(
        _ attempt: ClientAttempt, for app: App, in request: ClientAuthenticationRequest, _ proof: DPoPProof?, from client: ClientAddress, at now: Timestamp
    ) async throws -> Outcome {
        guard app.isActive else { return .refused(.against(.servedApp, app.inactiveSentence), app: app) }
        guard attempt.methods.contains(app.authenticationMethod), let method = methods[app.authenticationMethod] else {
            let name = app.authenticationMethod.rawValue
            return .refused(
                .against(
                    .registeredMethod, "The app is registered for the authentication method \(name).", expected: name, received: .note(attempt.methods.names)),
                app: app)
        }
        // Before the credentials are looked at: asked afterwards, a stranger who tries a secret from elsewhere would learn by the answer whether it is right.
        // So from elsewhere right and wrong secrets are answered alike and leave no trace in the time of last use. What this tells is that the app has a list;
        // that there is such an app, any client_id tells already. RFC 6749 §5.2 speaks of an authenticated client here; this one never gets so far.
        guard app.mayCall(from: client.ip) else {
            return .refused(
                .against(.allowedAddress, "The app may not call from \(client.text).", expected: app.allowedNetworks.text, received: .value(client.text)),
                app: app)
        }
        switch try await method.check(attempt, of: app, in: request, at: now) {
        case .passed(let secret, let assertion):
            // Such an app proved nothing, and the proof only that somebody has a key: a stranger makes as many as they like.
            if method.method == .none, proof != nil, let wait = proofsOfPublicClients.wait(client.text, at: now) {
                return .delayed(.against(.slowProofs, "Too many DPoP proofs of public apps come from this network."), wait: wait, app: app)
            }
            let (replayed, replayedProof) = try await spend(assertion, proof)
            if let replayed { return .refused(replayed.error(in: request), app: app) }
            if let secret { secretUse.note(secret, from: client.text, at: now) }
            if let replayedProof { return .refusedProof(replayedProof, app: app) }
            return .authenticated(AuthenticatedClient(app: app, method: method.method))
        case .refused(let error): return .refused(error, app: app)
        }
    }

    /// Both at once: each waits for the memory, and the one for the other would wait twice.
    private func spend(_ assertion: ClientAssertion?, _ proof: DPoPProof?) async throws -> (ClientAssertion.Refusal?, DPoPProof.Refusal?) {
        switch (assertion, proof) {
        case (nil, nil): return (nil, nil)
        case (let assertion?, nil): return (ClientAssertion.Refusal(try await replays.use(assertion.use)), nil)
        case (nil, let proof?): return (nil, DPoPProof.Refusal(try await replays.use(proof.use)))
        case (let assertion?, let proof?):
            let (first, second) = try await replays.use(assertion.use, with: proof.use)
            return (ClientAssertion.Refusal(first), DPoPProof.Refusal(second))
        }
    }
}

extension Sequence<ClientAuthenticationMethod> {
    fileprivate var names: String { map(\.rawValue).sorted().joined(separator: " ") }
}

extension [IPNetwork] {
    var text: String { map(\.description).joined(separator: " ") }
}
