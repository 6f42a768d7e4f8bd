import Hummingbird
import Identity
import Pages
import Primitives
import SecondFactorPages
import Web

extension StaffRoutes {
    var factorPages: FactorPages {
        FactorPages(
            factors,
            place: FactorPlace(
                population: .staff, signIn: "/staff/sign-in", home: "/staff/second-factor", origin: ("/staff", "Audit log"), sessionCookie: Self.sessionCookie,
                visitorShell: { title, token, isError in
                    Shell(audience: .staff, title: title, csrf: token, isSandbox: false, isError: isError, width: .narrow)
                },
                page: { request, context, answer in try await signedIn(request, context) { try await answer($0.factorVisit) } },
                form: { request, context, answer in try await form(request, context) { try await answer($0.factorVisit, $1) } },
                open: { first, _, request, context in try await startSession(after: first, methods: SecondStep.methods, request, context) }))
    }
}

extension StaffMember {
    fileprivate var factorVisit: FactorVisit {
        FactorVisit(session: session) { title, isError in shell(title, current: "second-factor", isError: isError) }
    }
}
