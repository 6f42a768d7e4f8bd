import Identity
import JOSE
import JSON
import OAuth
import Primitives

/// A transaction as it is sealed: the members that say something, in the request's words where it has some. Written out, because it is read on every page of
/// the way, and reading it by Foundation's coders cost as much as showing the page.
extension AuthorizationTransaction {
    var json: JSONObject {
        var members = JSONObject([
            ("id", .string(id.rawValue)), ("client_id", .string(clientID.text)), ("app", .string(appID.rawValue)), ("redirect_uri", .string(redirectURI)),
            ("response_mode", .string(responseMode.rawValue)), ("scope", .string(scope.text)), ("created_at", .integer(createdAt.milliseconds)),
            ("expires_at", .integer(expiresAt.milliseconds)), ("alg", .string(answerAlgorithm.rawValue)),
        ])
        members.append("state", state)
        members.append("nonce", nonce)
        members.append("code_challenge", codeChallenge?.text)
        members.append("dpop_jkt", dpopKey)
        members.append("consent_id", consentID?.rawValue)
        if !prompts.isEmpty { members.append("prompt", .array(prompts.map { .string($0.rawValue) })) }
        members.append("max_age", seconds: maxAge.map(Int64.init))
        members.append("login_hint", loginHint)
        members.append("hinted_person", hintedPerson?.rawValue)
        if let authentication { members.append("authentication", .object(authentication.json)) }
        members.append("session", startedSession?.rawValue)
        if let firstStep { members.append("first_step", .object(firstStep.json)) }
        if let wentOnWithoutCodeAt { members.append("without_code_at", .integer(wentOnWithoutCodeAt.milliseconds)) }
        return members
    }

    /// Reads what `json` wrote and nobody can have changed. A member that says nothing to this version of the program makes the whole unreadable: what the app
    /// asked for is not to be left out in silence.
    init(reading members: JSONObject) throws {
        func optional<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws -> Value? {
            guard let value = members[name] else { return nil }
            guard let read = read(value) else { throw UnreadableTransaction(member: name) }
            return read
        }
        func required<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws -> Value {
            guard let value = try optional(name, read) else { throw UnreadableTransaction(member: name) }
            return value
        }
        func moment(_ value: JSONValue) -> Timestamp? { value.integer.map(Timestamp.init(milliseconds:)) }
        self.init(
            id: try required("id") { $0.string.map(AuthorizationID.init(trusted:)) },
            clientID: try required("client_id") { $0.string.flatMap(ClientID.init) },
            appID: try required("app") { $0.string.map(AppID.init(trusted:)) },
            redirectURI: try required("redirect_uri", \.string),
            responseMode: try required("response_mode") { $0.string.flatMap(ResponseMode.init(rawValue:)) },
            scope: try required("scope") { $0.string.flatMap { ScopeSet($0) } },
            state: try optional("state", \.string),
            nonce: try optional("nonce", \.string),
            codeChallenge: try optional("code_challenge") { $0.string.map(CodeChallenge.init(stored:)) },
            dpopKey: try optional("dpop_jkt", \.string),
            consentID: try optional("consent_id") { $0.string.map(ConsentID.init(trusted:)) },
            prompts: try optional("prompt") { Prompt.set($0.array) } ?? [],
            maxAge: try optional("max_age") { $0.integer.flatMap(Int.init(exactly:)) },
            loginHint: try optional("login_hint", \.string),
            hintedPerson: try optional("hinted_person") { $0.string.map(PersonID.init(trusted:)) },
            authentication: try optional("authentication") { $0.object.flatMap(AuthenticationRequest.init) },
            createdAt: try required("created_at", moment),
            expiresAt: try required("expires_at", moment),
            answerAlgorithm: try required("alg") { $0.string.flatMap(SignatureAlgorithm.init(rawValue:)) },
            startedSession: try optional("session") { $0.string.map(SessionID.init(trusted:)) },
            firstStep: try optional("first_step") { $0.object.flatMap(FirstStep.init) },
            wentOnWithoutCodeAt: try optional("without_code_at", moment))
    }

    private struct UnreadableTransaction: Error {
        let member: String
    }
}

extension Prompt {
    fileprivate static func set(_ values: [JSONValue]?) -> Set<Prompt>? {
        guard let values else { return nil }
        let prompts = Set(values.compactMap { $0.string.flatMap(Prompt.init(rawValue:)) })
        return prompts.count == values.count ? prompts : nil
    }
}

extension AuthenticationRequest {
    fileprivate var json: JSONObject {
        JSONObject([("levels", .array(levels.map { .string($0.rawValue) })), ("is_essential", .boolean(isEssential))])
    }

    fileprivate init?(_ members: JSONObject) {
        guard let names = members["levels"]?.array, let isEssential = members["is_essential"]?.boolean else { return nil }
        let levels = names.compactMap { $0.string.flatMap(AuthenticationLevel.init(rawValue:)) }
        guard levels.count == names.count else { return nil }
        self.init(levels: levels, isEssential: isEssential)
    }
}

extension FirstStep {
    fileprivate var json: JSONObject {
        JSONObject([("person", .string(person.rawValue)), ("password", .string(password.text)), ("proved_at", .integer(provedAt.milliseconds))])
    }

    fileprivate init?(_ members: JSONObject) {
        guard let person = members["person"]?.string, let password = members["password"]?.string, let provedAt = members["proved_at"]?.integer else {
            return nil
        }
        self.init(person: PersonID(trusted: person), password: Digest(stored: password), provedAt: Timestamp(milliseconds: provedAt))
    }
}
