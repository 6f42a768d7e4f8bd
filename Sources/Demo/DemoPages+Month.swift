internal import HTTPTypes
internal import Hummingbird
internal import Pages
internal import Primitives
internal import Web

/// The connected customer's month, what is shown when the connection has ended, and ending it from here.
extension DemoPages {
    func month(_ request: Request, _ context: AppContext) async throws -> Response {
        guard var connection = connections.content(in: request, at: context.receivedAt) else { return .seeOther("/demo") }
        let now = context.receivedAt
        let choices = CalendarMonth.choices(at: now)
        let month = request.query?["month"].flatMap { CalendarMonth($0) }.flatMap { choices.contains($0) ? $0 : nil } ?? CalendarMonth(of: now)
        let reader = MonthReader(platform: platform, now: now)
        switch try await reader.read(month, with: &connection) {
        case .read(let page):
            var response = pages.page("demo/month", page, shell: shell("\(page.name)’s \(month.name)", width: .wide))
            try connections.set(connection, at: now, on: &response)
            return response
        case .ended(let refusal):
            return try await ended(connection, refusal: refusal)
        case .later(let seconds):
            return explain(
                "We asked too often", "The bank asks us to wait \(seconds) seconds. Load the page again then.", button: nil, status: .serviceUnavailable)
        }
    }

    private struct EndedPage: Encodable {
        let name, heading, lead: String
        let code, detail, status: String
        let requestID: String?
        let consentID, consentStatus: String
    }

    /// The next call after a withdrawal: shows what a partner's program sees.
    private func ended(_ connection: Connection, refusal: MonthReader.Refusal) async throws -> Response {
        let view = try? await platform.api("GET", "/v1/consents/\(connection.consentID)", token: try await appToken()).decode(ConsentView.self)
        let words: (String, String) =
            switch (view?.status, view?.status_actor) {
            case ("revoked", "customer"):
                ("You stopped sharing", "Wekeza refused our next call. What we showed you before was never kept; ask us again whenever you like.")
            case ("revoked", _): ("The connection has ended", "The consent was withdrawn. Wekeza refused our next call.")
            case ("expired", _): ("The connection has expired", "Its time is over. Wekeza refused our next call.")
            default: ("We can no longer look", "Wekeza refused our call and says why below.")
            }
        let page = EndedPage(
            name: connection.name, heading: words.0, lead: words.1, code: refusal.problem.name, detail: refusal.problem.text,
            status: String(refusal.status), requestID: refusal.problem.request_id, consentID: connection.consentID,
            consentStatus: view.map { "\($0.status), by \($0.status_actor)" } ?? "unknown")
        return pages.page("demo/ended", page, shell: shell(page.heading, width: .narrow))
    }

    /// Ends the consent from the partner's side, and forgets.
    func disconnect(_ request: Request, _ context: AppContext) async throws -> Response {
        guard let connection = connections.content(in: request, at: context.receivedAt) else { return .seeOther("/demo") }
        let answer = try await platform.api("DELETE", "/v1/consents/\(connection.consentID)", token: try await appToken())
        guard answer.status == 204 || [403, 404, 422].contains(answer.status) else {
            throw DemoRefusal(answer.problem ?? .unknown(answer.status), doing: "The consent could not be ended.")
        }
        if let token = connection.refreshToken { try await platform.revoke(token) }
        var response = explain("Disconnected", "We ended the consent at Wekeza and forgot you. Nothing of yours is kept here.", button: "Connect again")
        connections.remove(from: &response)
        return response
    }
}
