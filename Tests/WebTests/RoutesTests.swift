import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import Web

@Suite("Routes")
struct RoutesTests {
    @Test(arguments: [
        ("/", "root"), ("/apps", "apps"), ("/apps/", "apps"), ("/apps?a=/b", "apps"), ("/apps/new", "new"), ("/apps/7", "app 7"),
        ("/apps/newer", "app newer"), ("/apps/7/edit", "edit 7"), ("/apps/new/edit", "edit new"), ("/apps/7/secrets/8", "secret 7 8"),
        ("/apps/%37/edit", "edit %37"), ("/apps/é/edit", "edit é"), ("/apps/{id}", "app {id}"), ("/x/y/z", "one y"), ("/x/y/w", "other y"),
    ])
    func `an address leads to the pattern that it has, a text before a name`(address: String, answer: String) async throws {
        try await serve { client in
            let response = try await client.execute(uri: address, method: .get)

            #expect(response.status == .ok && String(buffer: response.body) == answer)
        }
    }

    @Test(arguments: [
        "/app", "/appsy", "/APPS", "/apps/7/edit/8", "/apps/7/secrets", "/x", "/x/y", "/x/y/zz", "/apps/new/", "/%61pps", "//apps", "/apps//7", "/apps/7//edit",
        "/apps//", "//", "*",
    ])
    func `what has no pattern is nowhere`(address: String) async throws {
        try await serve { client in
            let response = try await client.execute(uri: address, method: .delete)

            #expect(response.status == (address == "/apps/new/" ? .methodNotAllowed : .notFound))
        }
    }

    @Test func `HEAD answers as GET does, without the body, unless it has an answer of its own`() async throws {
        try await serve { client in
            let derived = try await client.execute(uri: "/apps/7", method: .head)
            let own = try await client.execute(uri: "/own", method: .head)

            #expect(derived.status == .ok && derived.headers[.contentType] == "text/plain; charset=utf-8" && derived.body.readableBytes == 0)
            #expect(own.status == .noContent)
        }
    }

    @Test func `a method that a text does not take may be the name's beside it`() async throws {
        try await serve { client in
            let posted = try await client.execute(uri: "/apps/new", method: .post)
            let refused = try await client.execute(uri: "/apps/new", method: .put)

            #expect(String(buffer: posted.body) == "posted new")
            #expect(refused.status == .methodNotAllowed && refused.headers[.allow] == "GET, HEAD, POST")
        }
    }

    @Test func `an error that knows its answer is answered, when no step does so`() async throws {
        try await serve(steps: []) { client in
            let response = try await client.execute(uri: "/teapot", method: .get)

            #expect(response.status == .badRequest)
        }
    }

    private func serve(
        steps: [any RequestStep] = [
            RefusalWordings([RefusalWording(covers: { _ in true }, response: { problem, _, context in problem.response(context: context) })])
        ],
        _ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let routes = Routes(steps)
        func get(_ pattern: String, _ words: String, _ names: String...) {
            routes.get(pattern) { _, context in
                Response.text(([words] + names.map { context.parameters.get($0) ?? "-" }).joined(separator: " "))
            }
        }
        get("/", "root")
        get("/apps/{id}", "app", "id")
        get("/apps", "apps")
        get("/apps/new", "new")
        get("/apps/{id}/edit", "edit", "id")
        get("/apps/{id}/secrets/{secret}", "secret", "id", "secret")
        // The same place under two names.
        get("/x/{one}/z", "one", "one")
        get("/x/{other}/w", "other", "other")
        routes.post("/apps/{id}") { _, context in Response.text("posted \(context.parameters.get("id") ?? "-")") }
        get("/own", "own")
        routes.on("/own", method: .head) { _, _ in Response(status: .noContent) }
        routes.get("/teapot") { _, _ in throw HTTPError(.badRequest) }
        try await Application(router: routes).test(.router, test)
    }
}
