public import AsyncHTTPClient
import Hummingbird
public import Pages
public import Primitives
public import Web
internal import HTTPTypes
internal import Logging

/// "Financial Copilot", the built-in relying party: a partner's app like any other, which knows the platform's public address,
/// its own client id and its secret, and nothing else.
public struct DemoPages: Sendable {
    let pages: PageRenderer
    let platform: PlatformClient
    let flows: SealedCookie<Flows>
    let connections: SealedCookie<Connection>
    let orders: SealedCookie<PaymentOrder>
    let randomness: any RandomSource
    let mailbox: (@Sendable () async -> [MailboxEntry])?
    let phones: @Sendable (Timestamp) async throws -> [PhoneEntry]

    /// - Parameters:
    ///   - issuer: the platform's public address; Financial Copilot is served there too, at `/demo`.
    ///   - http: trusts the certificate of that address.
    ///   - mailbox: what the demo's mail kept, the newest first; `nil` when mail goes out.
    ///   - phones: what people's authenticator apps show at a moment.
    public init(
        pages: PageRenderer, cookies: CookiePolicy, rootKey: RootKey, randomness: any RandomSource, issuer: Issuer, clientID: String,
        clientSecret: Secret, http: HTTPClient, mailbox: (@Sendable () async -> [MailboxEntry])?,
        phones: @escaping @Sendable (Timestamp) async throws -> [PhoneEntry]
    ) {
        self.pages = pages
        platform = PlatformClient(issuer: issuer, clientID: clientID, secret: clientSecret, http: http)
        flows = SealedCookie("wkz_demo_flow", purpose: "demo/flow", lifetime: .hours(1), rootKey: rootKey, cookies: cookies)
        connections = SealedCookie("wkz_demo", purpose: "demo/connection", lifetime: .days(90), rootKey: rootKey, cookies: cookies)
        orders = SealedCookie("wkz_demo_payment", purpose: "demo/payment", lifetime: .hours(1), rootKey: rootKey, cookies: cookies)
        self.randomness = randomness
        self.mailbox = mailbox
        self.phones = phones
    }

    public func add(to routes: Routes) {
        routes.get("/demo") { request, context in start(request, context) }
        routes.post("/demo/connect") { request, context in try await guarded(context) { try await connect(request, context) } }
        routes.get("/demo/callback") { request, context in try await guarded(context) { try await callback(request, context) } }
        routes.get("/demo/month") { request, context in try await guarded(context) { try await month(request, context) } }
        routes.post("/demo/disconnect") { request, context in try await guarded(context) { try await disconnect(request, context) } }
        routes.get("/demo/pay") { request, context in try await guarded(context) { try await choose(request, context) } }
        routes.post("/demo/pay") { request, context in try await guarded(context) { try await ask(request, context) } }
        routes.get("/demo/payment") { request, context in try await guarded(context) { try await payment(request, context) } }
        routes.post("/demo/payment/again") { request, context in try await guarded(context) { try await payAgain(request, context) } }
        if mailbox != nil { routes.get("/demo/mailbox") { _, context in try await mailboxPage(context) } }
    }

    private struct StartPage: Encodable {
        let months: Int
    }

    private func start(_ request: Request, _ context: AppContext) -> Response {
        guard connections.content(in: request, at: context.receivedAt) == nil else { return .seeOther("/demo/month") }
        return pages.page("demo/start", StartPage(months: CalendarMonth.reach), shell: shell("Financial Copilot", width: .wide))
    }

    var redirectURI: String { platform.issuer.address("/demo/callback") }

    /// A token of the app itself (client credentials): for the consents it lodges, or for what became of its payments.
    func appToken(scope: String = "consents.write") async throws -> String {
        switch try await platform.token([("grant_type", "client_credentials"), ("scope", scope)]) {
        case .success(let tokens): return tokens.access_token
        case .failure(let problem): throw DemoRefusal(problem, doing: "Wekeza did not accept Financial Copilot’s own credentials.")
        }
    }

    /// Turns what the platform refused into a page that shows it.
    private func guarded(_ context: AppContext, _ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let refusal as DemoRefusal {
            return pages.notice(
                Notice(
                    "Wekeza refused us", refusal.doing, paragraphs: ["It answered \(refusal.problem.name): \(refusal.problem.text)"],
                    actions: [.init("Go to the start", "/demo")], reference: refusal.problem.request_id),
                shell: shell(""), status: .badGateway)
        } catch let failure as PlatformFailure {
            log(failure, context)
            return pages.notice(
                Notice(
                    "We cannot reach the bank", "Wekeza’s public address does not answer us properly. Load the page again in a moment.",
                    actions: [.init("Go to the start", "/demo")], reference: context.requestID.rawValue),
                shell: shell(""), status: .badGateway)
        }
    }

    func log(_ failure: PlatformFailure, _ context: AppContext) {
        context.logger.error("demo cannot use the platform", metadata: ["error": "\(failure)", "request_id": "\(context.requestID)"])
    }

    private struct Explanation: Encodable {
        let heading, lead: String
        let button: String?
        let method, action: String
    }

    /// - Parameter isPayment: whether beginning again means to choose a bill.
    func explain(
        _ heading: String, _ lead: String, button: String? = "Begin again", isPayment: Bool = false, status: HTTPResponse.Status = .ok
    ) -> Response {
        let page = Explanation(
            heading: heading, lead: lead, button: button, method: isPayment ? "get" : "post", action: isPayment ? "/demo/pay" : "/demo/connect")
        return pages.page("demo/explanation", page, shell: shell(heading, width: .narrow), status: status)
    }

    func shell(_ title: String, width: PageWidth = .narrow) -> Shell { Shell(audience: .visitor, title: title, width: width) }
}

/// The platform refused something that a working demo is allowed to do.
struct DemoRefusal: Error {
    let problem: PlatformProblem
    let doing: String

    init(_ problem: PlatformProblem, doing: String) {
        self.problem = problem
        self.doing = doing
    }
}
