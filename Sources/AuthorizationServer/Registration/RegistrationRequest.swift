import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import OAuth
import Web

/// Reads a registration once: its bearer token, and the JSON of its body, bounded, with no member twice (RFC 7591 §3.1).
struct RegistrationRequest: Sendable {
    /// RFC 6750 §2.1: the header alone.
    let bearer: String?
    let metadata: JSONObject

    static let longest = 65_536

    struct Refusal: Error {
        let error: OAuthError
        var status: HTTPResponse.Status?
    }

    /// - Returns: the token; `nil` when none came.
    static func bearer(_ request: Request) -> Result<String?, OAuthError> {
        let fields = request.headers[values: .authorization]
        guard let field = fields.first else { return .success(nil) }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard fields.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else {
            return .failure(.invalidToken("Send one token in the header Authorization, as Bearer."))
        }
        return .success(parts[1].trimmingWhitespace())
    }

    static func read(_ request: Request, bearer: String?) async throws -> Result<RegistrationRequest, Refusal> {
        let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.trimmingWhitespace().lowercased() }
        guard type == "application/json" else {
            return .failure(Refusal(error: OAuthError(.invalidClientMetadata, "Send one JSON object: the content type is application/json.")))
        }
        if let length = request.headers[.contentLength].flatMap(Int.init), length > longest { return .failure(tooLong) }
        let buffer: ByteBuffer
        do { buffer = try await request.body.collect(upTo: longest) } catch is NIOTooManyBytesError { return .failure(tooLong) }
        let value: JSONValue
        do { value = try JSONValue(parsing: Array(buffer.readableBytesView), limits: .token(bytes: longest)) } catch { return .failure(malformed(error)) }
        guard let metadata = value.object else {
            return .failure(Refusal(error: OAuthError(.invalidClientMetadata, "Send one JSON object, not \(value.typeName).")))
        }
        return .success(RegistrationRequest(bearer: bearer, metadata: metadata))
    }

    private static func malformed(_ error: MalformedJSON) -> Refusal {
        let place = "The body is no JSON that is read: at byte \(error.offset) stands \(error.got.prefix(60)) instead of \(error.expected)."
        return Refusal(error: OAuthError(.invalidClientMetadata, OAuthError.plain(place)))
    }

    private static let tooLong = Refusal(error: OAuthError(.invalidClientMetadata, "The body is longer than 64 kB."), status: .contentTooLarge)
}
