internal import HTTPTypes
import Hummingbird
public import Identity
internal import Pages
internal import Primitives
public import Web

/// The pages about second factors of one population: the code of a sign-in, and turning on, renewing and turning off.
public struct FactorPages: Sendable {
    let tools: FactorTools
    let place: FactorPlace
    let pending: SealedCookie<PendingSignIn>
    let shownCodes: SealedCookie<ShownCodes>

    public init(_ tools: FactorTools, place: FactorPlace) {
        self.tools = tools
        self.place = place
        pending = SealedCookie(
            "\(place.sessionCookie)_step", purpose: "second-factor.sign-in.\(place.population.rawValue)", lifetime: FirstStep.lifetime,
            rootKey: tools.travelKey,
            cookies: tools.cookies)
        shownCodes = SealedCookie(
            "\(place.sessionCookie)_codes", purpose: "second-factor.codes.\(place.population.rawValue)", lifetime: .minutes(10), rootKey: tools.travelKey,
            cookies: tools.cookies)
    }

    public func add(to routes: Routes) {
        addSignIn(to: routes)
        addTurningOn(to: routes)
        addChanges(to: routes)
    }

    /// A first step on its way through the browser, with the address that the sign-in leads to.
    struct PendingSignIn: Codable, Sendable {
        let first: FirstStep
        let leadsTo: String
    }

    /// Recovery codes on their way to the one page that shows them.
    struct ShownCodes: Codable, Sendable {
        let session: SessionID
        let codes: [String]
    }

    /// 429 with the seconds to wait.
    static func delayed(_ response: Response, _ wait: Wait) -> Response {
        var response = response
        response.headers[.retryAfter] = String(wait.seconds)
        return response
    }

    public func tell(_ person: Person, _ news: FactorNews, _ context: AppContext) {
        tools.tell(person, news, home: context.issuer.address(place.home), at: context.receivedAt)
    }
}
