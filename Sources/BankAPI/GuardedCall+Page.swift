import Contract
import Gateway
import JSON
import Primitives
import Web

extension GuardedCall {
    /// Answers with a page of what the app made, the newest first: the contract's parameters `cursor` and `limit`, and its schema `Links`.
    /// - Parameter read: what comes before an id, at most so many.
    /// - Throws: a `Problem` when the cursor is none of this list.
    func page<ID: Identifier>(
        of type: ID.Type, _ read: @Sendable (_ before: ID?, _ limit: Int) async throws -> [(id: ID, body: JSONObject)]
    ) async throws -> UpstreamAnswer {
        let limit = parameters.integer("limit") ?? 100
        let cursor = parameters.string("cursor")
        let before = cursor.flatMap { IDCursor<ID>($0)?.id }
        guard cursor == nil || before != nil else {
            throw foreignCursor
        }
        let found = try await read(before, limit + 1)
        let page = found.prefix(limit)
        let next = found.count > limit ? page.last.map { IDCursor(id: $0.id).text } : nil
        let body = PageAnswer(
            data: page.map(\.body),
            links: PageLinks(
                current: base.address(http.path + (http.query.map { "?\($0)" } ?? "")),
                next: next.map { base.address("\(http.path)?cursor=\($0)&limit=\(limit)") }))
        return .json(body.json, records: page.count)
    }
}

extension GuardedCall {
    /// The refusal of a cursor of no page of this list.
    var foreignCursor: Problem {
        Problem(
            .invalidRequest, "The cursor does not come from this list.",
            errors: [
                Problem.Violation(
                    pointer: "/query/cursor", rule: "cursor", expected: "the cursor of links.next",
                    got: String((parameters.string("cursor") ?? "").prefix(80)))
            ])
    }
}

/// Where a page ends: the last one's id, spelled so that nobody builds on it.
private struct IDCursor<ID: Identifier> {
    let id: ID

    init(id: ID) { self.id = id }

    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), let id = ID(String(decoding: bytes, as: UTF8.self)) else { return nil }
        self.id = id
    }

    var text: String { Base64URL.encode(id.rawValue.utf8) }
}
