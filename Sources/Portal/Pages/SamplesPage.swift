import Applications
import Hummingbird
import Pages
import Primitives
import Web

/// `/portal/apps/{id}/samples`: the walk from nothing to a first answer, with the app's own values. The languages are links.
struct SamplesPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/samples") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(developer, request, context) }
        }
    }

    struct Language: Encodable {
        let label, address: String
        let isCurrent: Bool
    }

    struct Model: Encodable {
        let app: AppHead
        let languages: [Language]
        let steps: [Step]
        let hasSteps: Bool
        let usesPKCE: Bool
        let codeVerifier, codeChallenge: String
    }

    struct Step: Encodable {
        let id, title: String
        let text: String?
        let code: Code
    }

    private func show(_ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let app = try await site.app(context, of: developer)
        let values = SampleValues(app: app, issuer: context.issuer, randomness: site.randomness, at: context.receivedAt)
        let known = SampleLanguage.allCases.filter { !$0.steps(values).isEmpty }
        let wanted = request.query?["language"].flatMap(SampleLanguage.init(rawValue:))
        let chosen = wanted.flatMap { known.contains($0) ? $0 : nil } ?? .curl
        let model = Model(
            app: AppHead(app, tab: "samples", at: context.receivedAt),
            languages: known.map { Language(label: $0.title, address: "/portal/apps/\(app.id)/samples?language=\($0.rawValue)", isCurrent: $0 == chosen) },
            steps: chosen.steps(values).enumerated().map { Step(id: "step-\($0 + 1)", title: "\($0 + 1). \($1.title)", text: $1.text, code: $1.code) },
            hasSteps: !known.isEmpty,
            usesPKCE: values.sendsCustomers && chosen == .curl, codeVerifier: values.codeVerifier, codeChallenge: values.codeChallenge)
        return site.pages.page("portal/samples", model, shell: developer.shell("Code samples for \(app.name)", current: "apps"))
    }
}
