import HTTPTypes
import Hummingbird
import NIOCore
import OAuth
import Primitives
import Web

/// Reads the form of a token request once: bounded, typed, with no parameter twice. What stands in the address is not read (RFC 6749 §2.3.1).
struct FormRequest: Sendable {
    let parameters: RequestParameters
    let authorization: [String]
    let path: String

    static let longest = 65_536

    enum Refusal: Error {
        case oauth(OAuthError, status: HTTPResponse.Status)
    }

    static func read(_ request: Request) async throws -> Result<FormRequest, Refusal> {
        guard isForm(request.headers.value(of: .contentType)) else {
            return .failure(.oauth(.invalidRequest("Send a form: the content type is application/x-www-form-urlencoded."), status: .badRequest))
        }
        if let length = request.headers.value(of: .contentLength).flatMap(Int.init), length > longest { return .failure(tooLong) }
        let buffer: ByteBuffer
        do { buffer = try await request.body.collect(upTo: longest) } catch is NIOTooManyBytesError { return .failure(tooLong) }
        // Bytes that are not UTF-8 are refused, not repaired.
        guard let text = String(utf8: buffer.readableBytesView), let pairs = Parameters(urlEncoded: text) else {
            return .failure(.oauth(.invalidRequest("The form cannot be decoded."), status: .badRequest))
        }
        let parameters = RequestParameters(pairs.pairs)
        do { try parameters.refuseRepetition() } catch { return .failure(.oauth(error, status: .badRequest)) }
        return .success(FormRequest(parameters: parameters, authorization: request.headers[values: .authorization], path: request.uri.path))
    }

    private static func isForm(_ type: String?) -> Bool {
        guard let type, type != form else { return type != nil }
        return type.split(separator: ";").first.map { $0.trimmingWhitespace().lowercased() } == form
    }

    private static let form = "application/x-www-form-urlencoded"

    func credentials(certificate: PresentedCertificate?) -> ClientAuthenticationRequest {
        ClientAuthenticationRequest(authorization: authorization, parameters: parameters, path: path, certificate: certificate)
    }

    private static let tooLong = Refusal.oauth(.invalidRequest("The form is longer than 64 kB."), status: .contentTooLarge)
}
