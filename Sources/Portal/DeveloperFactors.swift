import Hummingbird
import Identity
import Pages
import Primitives
import SecondFactorPages
import Web

extension PortalSite {
    /// Below `/portal/settings`.
    var factorPages: FactorPages {
        FactorPages(
            factors,
            place: FactorPlace(
                population: .developer, signIn: "/portal/sign-in", home: "/portal/settings/second-factor", origin: ("/portal/settings", "Settings"),
                sessionCookie: Developer.cookie,
                visitorShell: { title, token, isError in Visitor(session: nil, csrf: token).shell(title, isError: isError) },
                page: { request, context, answer in
                    try await page(request, context) { (developer: Developer) in try await answer(developer.factorVisit) }
                },
                form: { request, context, answer in
                    try await form(request, context) { (developer: Developer, form: Web.Parameters) in try await answer(developer.factorVisit, form) }
                },
                open: { first, address, request, context in
                    try await startSession(after: first, methods: SecondStep.methods, replacing: request, context, leadingTo: address)
                }))
    }
}

extension Developer {
    fileprivate var factorVisit: FactorVisit {
        FactorVisit(session: session) { title, isError in shell(title, current: "settings", isError: isError) }
    }
}
