internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Pages
internal import Primitives
internal import Web

extension CustomerRoutes {
    static let sessionCookie = "wkz_customer"

    /// The customer who is signed in, in whatever world.
    func session(of request: Request, _ context: AppContext) async throws -> Session? {
        guard let token = cookies.value(Self.sessionCookie, in: request) else { return nil }
        return try await sessions.find(token: token, population: .customer, at: context.receivedAt)
    }

    /// Renews the session at sign-in: the token that the browser had before ends.
    /// - Returns: `nil` when the password was changed since it was proved.
    func start(
        after first: FirstStep, methods: [String] = Sessions.passwordAlone, request: Request, context: AppContext, on response: inout Response
    ) async throws -> Session? {
        let old = cookies.value(Self.sessionCookie, in: request)
        let started = try await sessions.start(
            after: first, methods: methods, replacing: old, from: context.clientAddress, requestID: context.requestID, at: context.receivedAt)
        guard let started else { return nil }
        cookies.set(Self.sessionCookie, to: started.token.value, on: &response)
        return started.session
    }

    func shell(_ title: String, for session: Session?, current: String? = nil, width: PageWidth? = nil, isError: Bool = false) -> Shell {
        Shell(
            audience: .customer, title: title, signedInAs: session?.person.givenName, current: current, csrf: session.map { csrf.token(for: $0.id.rawValue) },
            isError: isError, width: width)
    }

    /// A page for those who are signed in; others are led to sign in and back.
    func signedIn(_ request: Request, _ context: AppContext, _ body: (Session) async throws -> Response) async throws -> Response {
        guard let session = try await session(of: request, context) else {
            let next = request.method == .get ? request.uri.string : "/my"
            return .seeOther("/my/sign-in?next=\(Web.Parameters.encode(next))")
        }
        return try await body(session)
    }

    /// A form of those who are signed in, with its token checked.
    func signedInForm(_ request: Request, _ context: AppContext, _ body: (Session, Web.Parameters) async throws -> Response) async throws -> Response {
        try await signedIn(request, context) { session in
            try await body(session, try await csrf.fields(of: request, for: session.id.rawValue, context: context))
        }
    }
}
