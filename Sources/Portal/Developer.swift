import Applications
import Events
internal import HTTPTypes
import Hummingbird
import Identity
import Pages
import Primitives
import Storage
import Web

/// A signed-in developer, in one of their organisations.
struct Developer: Sendable {
    static let cookie = "wkz_dev"
    /// Which organisation they look at, when they belong to several.
    static let organisationCookie = "wkz_org"

    let session: Session
    let organisation: Organisation
    let role: MemberRole
    /// All they belong to.
    let organisations: [Organisation]
    let csrf: String

    var person: Person { session.person }
    var id: PersonID { session.person.id }
    var actor: Actor { .person(session.person.id) }
    var isOwner: Bool { role == .owner }

    /// - Parameter current: the key of the navigation entry.
    func shell(_ title: String, current: String, isError: Bool = false) -> Shell {
        Shell(
            audience: .developer, title: title, signedInAs: person.givenName, organisation: organisation.name, current: current, csrf: csrf,
            isError: isError)
    }
}

extension PortalSite {
    /// Answers a page for a signed-in developer; others sign in first and come back.
    func page(_ request: Request, _ context: AppContext, _ answer: (Developer) async throws -> Response) async throws -> Response {
        guard let session = try await session(of: request, context) else { return .seeOther(SignInAddress.comingBack(to: request.uri.description)) }
        return try await answering(session, request, context, answer)
    }

    /// Answers a form of a signed-in developer.
    /// - Parameter lists: the questions of which several boxes may be ticked.
    func form(
        _ request: Request, _ context: AppContext, lists: Set<String> = [], _ answer: (Developer, Web.Parameters) async throws -> Response
    ) async throws -> Response {
        guard let session = try await session(of: request, context) else { return .seeOther(SignInAddress.comingBack(to: nil)) }
        let form = try await csrf.fields(of: request, for: session.id.rawValue, lists: lists, context: context)
        return try await answering(session, request, context) { try await answer($0, form) }
    }

    private func answering(_ session: Session, _ request: Request, _ context: AppContext, _ answer: (Developer) async throws -> Response) async throws
        -> Response
    {
        let chosen = cookies.value(Developer.organisationCookie, in: request)
        let place = try await database.read { [organisations, memberships] tx -> (Organisation, MemberRole, [Organisation])? in
            let all = try organisations.list(of: session.person.id, in: tx)
            guard let current = all.first(where: { $0.id.rawValue == chosen }) ?? all.first,
                let role = try memberships.role(of: session.person.id, in: current.id, in: tx)
            else { return nil }
            return (current, role, all)
        }
        guard let (organisation, role, all) = place else { return try await homeless(session, context) }
        let developer = Developer(session: session, organisation: organisation, role: role, organisations: all, csrf: csrf.token(for: session.id.rawValue))
        do {
            return try await answer(developer)
        } catch let refusal as PortalRefusal {
            return notice(for: refusal, developer: developer, context: context)
        }
    }

    /// Somebody who was removed from their last organisation, or whose place a restore holds.
    private func homeless(_ session: Session, _ context: AppContext) async throws -> Response {
        let held = try await database.read { tx in try heldPlaces(of: session.person.id, in: tx) }
        let heading = held?.heading ?? "You belong to no organisation"
        let lead = held?.lead ?? "You were removed from the last one. Ask a colleague to invite you again, or sign up with another email."
        let shell = Shell(
            audience: .developer, title: heading, signedInAs: session.person.givenName, csrf: csrf.token(for: session.id.rawValue), width: .narrow)
        return pages.notice(Notice(heading, lead, actions: [.init("Read the documentation", "/docs")]), shell: shell, status: .forbidden)
    }

    private func notice(for refusal: PortalRefusal, developer: Developer, context: AppContext) -> Response {
        let (status, heading, lead): (HTTPResponse.Status, String, String) =
            switch refusal {
            case .notFound: (.notFound, "There is no page at this address", "It may have been removed, or it belongs to another organisation.")
            case .ownersOnly: (.forbidden, "Only owners can do this", "Ask an owner of \(developer.organisation.name). The team page shows who they are.")
            case .conflict(let heading, let lead): (.conflict, heading, lead)
            }
        var shell = developer.shell(heading, current: "")
        shell.width = .narrow
        let action = refusal.isAboutTeam ? Notice.Action("Go to the team", "/portal/team") : Notice.Action("Go to the overview", "/portal")
        return pages.notice(Notice(heading, lead, actions: [action], reference: context.requestID.rawValue), shell: shell, status: status)
    }
}

/// Why a signed-in developer does not get the page they asked for.
enum PortalRefusal: Error {
    /// What belongs to another organisation looks exactly like what does not exist.
    case notFound
    case ownersOnly
    case conflict(heading: String, lead: String)

    var isAboutTeam: Bool { if case .ownersOnly = self { true } else { false } }
}

/// Where people sign in, and where they go then.
enum SignInAddress {
    static func comingBack(to path: String?) -> String {
        guard let path = path.flatMap(checked), path != "/portal" else { return "/portal/sign-in" }
        return "/portal/sign-in?return_to=\(Web.Parameters.encode(path))"
    }

    /// Only our own pages: a path below `/portal`, `/r` or the pages of errors, so that the link to the sign-in cannot send anybody elsewhere. The address of an
    /// explained refusal is the longest.
    static func checked(_ path: String) -> String? {
        guard path.utf8.count <= 600,
            path == "/portal" || ["/portal/", "/portal?", "/r/", "/docs/errors/"].contains(where: path.hasPrefix),
            path.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 92 }), !path.contains("//"),
            !path.hasPrefix("/portal/sign-")
        else { return nil }
        return path
    }
}
