import AccessTokens
import Applications
public import Backends
import Consents
import HTTPTypes
public import NIOCore
import NIOHTTP1
import OpenBanking
import Primitives
import Web

/// A real core banking system behind the platform: it serves the contract's `/v1` paths and trusts what the gateway has checked, told in header fields.
public struct HTTPUpstream: Upstream {
    private let backend: Backend
    private let address: BackendAddress

    /// How long the bank may take.
    private static let timeout = TimeAmount.seconds(10)

    /// - Parameters:
    ///   - address: `https://core.bank.internal/openapi`, before `/v1/…`.
    ///   - group: the event loops that calls come in on.
    /// - Throws: what NIOSSL refuses of its own settings.
    public init(_ address: BackendAddress, on group: any EventLoopGroup) throws {
        self.address = address
        backend = try Backend(address, on: group)
    }

    public func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        let request = try request(for: call)
        let answer: BackendAnswer
        do {
            answer = try await backend.send(request, within: Self.timeout)
        } catch {
            throw Problem(.upstreamFailed, "The bank did not answer in time, or not at all.")
        }
        return try Self.answer(answer.status, type: answer.headers.first(name: "content-type"), body: Array(buffer: answer.body))
    }

    private func request(for call: GuardedCall) throws -> BackendRequest {
        guard call.pathParameters.values.allSatisfy(Self.isID) else { throw Problem(.notFound, "The bank has no such resource.") }
        let target = call.http.path + (call.http.query.map { "?\($0)" } ?? "")
        // A line break here would begin a second request (GHSA-cq87-8r7h-962v).
        guard target.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), call.http.path.hasPrefix("/v1/") else {
            throw Problem(.invalidRequest, "The address holds characters that an address cannot have.")
        }
        var headers = HTTPHeaders()
        headers.reserveCapacity(16)
        for field in Self.forwarded(call) where field.value.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) {
            headers.add(name: field.name.rawName, value: field.value)
        }
        headers.add(name: "accept", value: "application/json")
        headers.add(name: "wekeza-app-id", value: call.app.id.rawValue)
        if let consent = call.consent {
            headers.add(name: "wekeza-consent-id", value: consent.id.rawValue)
            headers.add(name: "wekeza-accounts", value: consent.accounts.map(\.rawValue).joined(separator: " "))
            headers.add(name: "wekeza-permissions", value: consent.permissions.text)
        }
        if let person = call.claims.personID { headers.add(name: "wekeza-customer-id", value: person.rawValue) }
        if let window = call.window {
            headers.add(
                name: "wekeza-window", value: "\(window.lowerBound.rfc3339) \(window.upperBound == .distantFuture ? "" : window.upperBound.rfc3339)")
        }
        if call.http.body != nil { headers.add(name: "content-type", value: call.http.mediaType ?? "application/json") }
        return BackendRequest(
            HTTPMethod(rawValue: call.http.method), address.path + target, headers: headers, body: call.http.body.map { ByteBuffer(bytes: $0) })
    }

    /// Whether an id of the path may reach the bank: dots and escapes, which its server may undo, would lead to another address of it.
    static func isID(_ text: String) -> Bool { (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isOfIdentifier } }

    /// Whose request it is, and those fields of the caller that concern the bank.
    private static func forwarded(_ call: GuardedCall) -> [HTTPField] {
        var fields = [HTTPField(name: .requestID, value: call.requestID.rawValue), HTTPField(name: .interactionID, value: call.interactionID)]
        fields += passedOn.compactMap { name in call.http.headers[name].map { HTTPField(name: name, value: $0) } }
        if let trace = TraceParent(of: call.http.headers) {
            fields.append(HTTPField(name: .traceParent, value: trace.text))
            if let state = call.http.headers[.traceState] { fields.append(HTTPField(name: .traceState, value: state)) }
        }
        return fields
    }

    private static let passedOn: [HTTPField.Name] =
        [.acceptLanguage] + ["x-fapi-auth-date", "x-fapi-customer-ip-address"].compactMap { HTTPField.Name($0) }

    /// What the bank's answer means to the caller. Its 401 and 403 are about us, never about the caller, whom the gateway has checked.
    static func answer(_ status: Int, type: String?, body: [UInt8]) throws -> UpstreamAnswer {
        let isJSON = type?.split(separator: ";").first.map { $0.trimmingWhitespace().lowercased() } == "application/json"
        switch status {
        case 204: return .noContent
        case 200..<300 where isJSON:
            return UpstreamAnswer(status: HTTPResponse.Status(code: status), headers: [.contentType: "application/json"], body: body)
        case 404: throw Problem(.notFound, "The bank has no such resource.")
        case 429, 503: throw Problem(.temporarilyUnavailable, "The bank is busy.", headers: [.retryAfter: "1"])
        default: throw Problem(.upstreamFailed, "The bank answered with \(status)\(isJSON ? "" : ", and not in JSON").")
        }
    }
}
