internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Pages
internal import Primitives
internal import SecondFactorPages
internal import Web

extension CustomerRoutes {
    /// Below `/my/security`; on the way from an app they lead back to its question.
    var factorPages: FactorPages {
        FactorPages(
            factors,
            place: FactorPlace(
                population: .customer, signIn: "/my/sign-in", home: "/my/security/second-factor", origin: ("/my/security", "Security"),
                sessionCookie: Self.sessionCookie,
                visitorShell: { title, _, isError in shell(title, for: nil, width: .narrow, isError: isError) },
                page: { request, context, answer in try await signedIn(request, context) { try await answer(visit($0)) } },
                form: { request, context, answer in try await signedInForm(request, context) { try await answer(visit($0), $1) } },
                open: { first, address, request, context in
                    var response = Response.seeOther(address)
                    let session = try await start(after: first, methods: SecondStep.methods, request: request, context: context, on: &response)
                    return session == nil ? nil : response
                },
                leadsOnward: { $0.hasPrefix(Self.address("")) }))
    }

    private func visit(_ session: Session) -> FactorVisit {
        FactorVisit(session: session) { title, isError in shell(title, for: session, current: "security", width: .narrow, isError: isError) }
    }
}
