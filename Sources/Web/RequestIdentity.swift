package import HTTPTypes
package import Hummingbird
package import Primitives

extension HTTPField.Name {
    package static let requestID = HTTPField.Name("X-Request-Id")!
    package static let interactionID = HTTPField.Name("x-fapi-interaction-id")!
    package static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    package static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    package static let permissionsPolicy = HTTPField.Name("Permissions-Policy")!
    package static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    package static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
    package static let rateLimit = HTTPField.Name("RateLimit")!
    package static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
}

/// Gives each request its id, its time and its interaction id, and tells them, on errors too. The outermost middleware but for logging.
package struct RequestIdentity: RouterMiddleware {
    package typealias Context = AppContext
    private let issuer: Issuer
    private let clock: any WallClock
    private let randomness: any RandomSource

    package init(issuer: Issuer, clock: any WallClock, randomness: any RandomSource) {
        self.issuer = issuer
        self.clock = clock
        self.randomness = randomness
    }

    package func handle(_ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response) async throws -> Response {
        var context = context
        context.issuer = issuer
        context.receivedAt = clock.now
        context.requestID = .random(from: randomness)
        context.interactionID = request.headers[.interactionID].flatMap(UUIDText.init)?.text ?? UUIDText.random(from: randomness).text
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = Problem.response(for: error, context: context)
        }
        response.headers[.requestID] = context.requestID.rawValue
        response.headers[.interactionID] = context.interactionID
        return response
    }
}

/// The text of a UUID (RFC 9562 §4), as it was spelled.
struct UUIDText {
    let text: String

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let isDash = [8, 13, 18, 23].contains(index)
            guard isDash ? byte == 45 : (48...57).contains(byte) || (97...102).contains(byte | 0x20) else { return nil }
        }
        self.text = text
    }

    private init(trusted text: String) { self.text = text }

    static func random(from randomness: any RandomSource) -> UUIDText {
        var bytes = randomness.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        let hex = bytes.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }
        return UUIDText(trusted: [hex[0..<4], hex[4..<6], hex[6..<8], hex[8..<10], hex[10..<16]].map { $0.joined() }.joined(separator: "-"))
    }
}
