public import HTTPTypes
public import Hummingbird
public import Primitives

extension HTTPField.Name {
    public static let requestID = HTTPField.Name("X-Request-Id")!
    public static let interactionID = HTTPField.Name("x-fapi-interaction-id")!
    public static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    public static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    public static let permissionsPolicy = HTTPField.Name("Permissions-Policy")!
    public static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    public static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
    public static let rateLimit = HTTPField.Name("RateLimit")!
    public static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
}

/// Gives each request its id, its time and its interaction id, and tells them, on errors too. The outermost step but for logging.
public struct RequestIdentity: RequestStep {
    private let issuer: Issuer
    private let mutualTLSBase: MutualTLSBase?
    private let clock: any WallClock
    private let randomness: any RandomSource

    /// - Parameter mutualTLSBase: where the listener that asks for a client certificate is reached; `nil` where there is none.
    public init(issuer: Issuer, mutualTLSBase: MutualTLSBase? = nil, clock: any WallClock, randomness: any RandomSource) {
        self.issuer = issuer
        self.mutualTLSBase = mutualTLSBase
        self.clock = clock
        self.randomness = randomness
    }

    public func enter(_ request: Request, _ context: inout AppContext) {
        context.issuer = issuer
        context.mutualTLSBase = mutualTLSBase
        context.receivedAt = clock.now
        context.requestID = RequestID(at: context.receivedAt, from: randomness)
        context.interactionID = request.headers[.interactionID].flatMap(UUIDText.init)?.text ?? UUIDText.random(from: randomness).text
    }

    public func answer(_ error: any Error, to request: Request, _ context: AppContext) -> Response {
        Problem.answer(to: error, context: context).response(context: context)
    }

    public func leave(_ response: inout Response, to request: Request, _ context: AppContext) {
        response.headers.set(context.requestID.rawValue, for: .requestID)
        response.headers.set(context.interactionID, for: .interactionID)
    }
}

/// The text of a UUID (RFC 9562 §4), as it was spelled.
public struct UUIDText: Sendable {
    public let text: String

    init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        for (index, byte) in text.utf8.enumerated() {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? byte == 45 : (48...57).contains(byte) || (97...102).contains(byte | 0x20) else { return nil }
        }
        self.text = text
    }

    private init(trusted text: String) { self.text = text }

    public static func random(from randomness: any RandomSource) -> UUIDText {
        let random = randomness.bytes(16)
        let text = String(unsafeUninitializedCapacity: 36) { text in
            var end = 0
            func write(_ character: UInt8) {
                text[end] = character
                end += 1
            }
            for (index, byte) in random.prefix(16).enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 { write(UInt8(ascii: "-")) }
                // Version 4, variant 10.
                let byte = index == 6 ? byte & 0x0F | 0x40 : index == 8 ? byte & 0x3F | 0x80 : byte
                write(hexadecimal(byte >> 4))
                write(hexadecimal(byte & 15))
            }
            return end
        }
        return UUIDText(trusted: text)
    }

    private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
