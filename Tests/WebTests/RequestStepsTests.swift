import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import Web

@Suite("The steps of a request")
struct RequestStepsTests {
    @Test func `are entered from the outside and left from the inside`() async throws {
        #expect(try await body(of: "/ok", [Step("a"), Step("b")]) == "ok<b<a")
    }

    @Test func `an error is answered by the innermost that can, and completed by it and those around it`() async throws {
        #expect(try await body(of: "/bug", [Step("a", answers: true), Step("b", answers: true), Step("c")]) == "b answers bug<b<a")
        #expect(try await body(of: "/bug", [Step("a", answers: true), Step("b"), Step("c")]) == "a answers bug<a")
    }

    @Test func `a step that refuses is answered by those before it, and nobody behind it is asked`() async throws {
        #expect(
            try await body(of: "/ok", [Step("a", answers: true), Step("b", answers: true, refuses: true), Step("c", answers: true)]) == "a answers b refuses<a")
    }

    @Test func `a step may change what it throws on`() async throws {
        #expect(try await body(of: "/bug", [Step("a", answers: true), Step("b", renames: true), Step("c")]) == "a answers b's bug<a")
    }

    @Test func `what nobody answers is thrown`() async throws {
        let routes = Routes([Step("a"), Step("b")])
        routes.get("/bug") { _, _ -> Response in throw Bug(text: "bug") }
        try await Application(router: routes).test(.router) { client in
            let response = try await client.execute(uri: "/bug", method: .get)
            #expect(response.status == .internalServerError)
        }
    }

    /// Says in the body what it did.
    private struct Step: RequestStep {
        let name: String
        let answers, refuses, renames: Bool

        init(_ name: String, answers: Bool = false, refuses: Bool = false, renames: Bool = false) {
            (self.name, self.answers, self.refuses, self.renames) = (name, answers, refuses, renames)
        }

        func enter(_ request: Request, _ context: inout AppContext) throws {
            if refuses { throw Bug(text: "\(name) refuses") }
            context.interactionID += name
        }

        func answer(_ error: any Error, to request: Request, _ context: AppContext) throws -> Response {
            guard let bug = error as? Bug else { throw error }
            if renames { throw Bug(text: "\(name)'s \(bug.text)") }
            guard answers else { throw bug }
            return Response(status: .ok, headers: [.said: "\(name) answers \(bug.text)"])
        }

        func leave(_ response: inout Response, to request: Request, _ context: AppContext) {
            response.headers[.said] = "\(response.headers[.said] ?? "")<\(name)"
        }
    }

    private struct Bug: Error { let text: String }

    private func body(of path: String, _ steps: [any RequestStep]) async throws -> String? {
        let routes = Routes(steps)
        routes.get("/ok") { _, context in
            // Who was entered is there for the handler.
            Response(status: context.interactionID == "ab" ? .ok : .badRequest, headers: [.said: "ok"])
        }
        routes.get("/bug") { _, _ -> Response in throw Bug(text: "bug") }
        return try await Application(router: routes).test(.router) { client in
            let response = try await client.execute(uri: path, method: .get)
            #expect(response.status == .ok)
            return response.headers[.said]
        }
    }
}

extension HTTPField.Name {
    fileprivate static let said = HTTPField.Name("said")!  // a constant that parses
}
