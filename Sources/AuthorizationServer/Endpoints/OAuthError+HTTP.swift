import AccessTokens
import HTTPTypes
import Hummingbird
import JOSE
import JSON
import NIOCore
import OAuth
import Primitives
import Web

extension OAuthError.Code {
    /// RFC 6749 §5.2, RFC 6750 §3.1.
    var status: HTTPResponse.Status {
        switch self {
        case .invalidClient, .invalidToken: .unauthorized
        case .insufficientScope: .forbidden
        case .serverError: .internalServerError
        case .temporarilyUnavailable: .serviceUnavailable
        default: .badRequest
        }
    }
}

extension OAuthError {
    /// The answer of the token endpoint and its neighbours (RFC 6749 §5.2) to a request of which no app is known.
    func response(issuer: Issuer, status: HTTPResponse.Status? = nil) -> Response {
        response(explainedAt: issuer.address(code.documentationPath), status: status)
    }

    /// The answer to a request of an app.
    func response(_ addresses: ErrorAddresses.Of, status: HTTPResponse.Status? = nil) -> Response {
        response(explainedAt: addresses.address(of: self), status: status)
    }

    private func response(explainedAt address: String, status: HTTPResponse.Status?) -> Response {
        let members = JSONObject([
            ("error", .string(code.rawValue)), ("error_description", .string(description)), ("error_uri", .string(address)),
        ])
        var response = Response.tokenJSON(members, status: status ?? code.status)
        if response.status == .unauthorized { response.headers[.wwwAuthenticate] = "Basic realm=\"wekeza\"" }
        if response.status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }

    /// The answer of a protected resource (RFC 6750 §3).
    func bearerResponse(issuer: Issuer) -> Response { challenge(issuer: issuer, under: .bearer) }

    /// The same under the scheme by which the token came (RFC 9449 §7.1).
    func challenge(issuer: Issuer, under scheme: TokenScheme) -> Response { challenging(response(issuer: issuer), under: scheme) }

    func challenge(_ addresses: ErrorAddresses.Of, under scheme: TokenScheme) -> Response { challenging(response(addresses), under: scheme) }

    private func challenging(_ response: Response, under scheme: TokenScheme) -> Response {
        var response = response
        response.headers[.wwwAuthenticate] = scheme.challenge(#"error="\#(code.rawValue)", error_description="\#(description)""#)
        return response
    }
}

extension Response {
    /// JSON that no cache keeps (RFC 6749 §5.1).
    static func tokenJSON(_ members: JSONObject, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: unkeptJSON, body: ResponseBody(byteBuffer: ByteBuffer(bytes: members.bytes)))
    }

    private static let unkeptJSON: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store", .pragma: "no-cache"]

    /// JSON that is the same for everyone and may be kept for a while.
    static func publicJSON(_ members: JSONObject, maxAge: Int) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "application/json", .cacheControl: "public, max-age=\(maxAge)", .accessControlAllowOrigin: "*",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: members.bytes)))
    }
}

extension HTTPField.Name {
    static let pragma = HTTPField.Name("Pragma")!  // a valid name
}
