import AccessTokens
import Hummingbird
import OAuth
import Web

/// Where userinfo finds its token (RFC 6750 §2, RFC 9449 §7.1). An address is no place for one (RFC 9700 §4.3.2).
enum AccessTokenField {
    struct Refusal: Error {
        let error: OAuthError
    }

    static func read(_ request: Request) async throws -> Result<(scheme: TokenScheme, token: String)?, Refusal> {
        var tokens: [(scheme: TokenScheme, token: String)] = []
        for header in request.headers[values: .authorization] {
            guard let space = header.firstIndex(of: " "), let scheme = TokenScheme(header[..<space]) else { continue }
            tokens.append((scheme, header[space...].trimmingWhitespace()))
        }
        if request.uri.queryParameters["access_token"] != nil {
            return .failure(Refusal(error: .invalidRequest("A token in the address is not read: send it in the Authorization header.")))
        }
        let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.trimmingWhitespace().lowercased() }
        if request.method == .post, type == "application/x-www-form-urlencoded" {
            switch try await FormRequest.read(request) {
            case .success(let form): if let token = form.parameters["access_token"] { tokens.append((.bearer, token)) }
            case .failure(.oauth(let error, _)): return .failure(Refusal(error: error))
            }
        }
        guard tokens.count <= 1 else { return .failure(Refusal(error: .invalidRequest("The token was sent more than once."))) }
        return .success(tokens.first)
    }
}
