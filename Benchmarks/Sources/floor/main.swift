import AsyncHTTPClient
import Crypto
import Foundation
import Hummingbird

// floor PORT [UPSTREAM]
//   GET /constant                 answers a constant
//   POST /signature               reads a form and answers with one ES256 signature
//   POST /verified                the same after two ES256 verifications
//   GET /v1/accounts/:id/balance  is a bank that answers a constant; with UPSTREAM, a plain proxy to it

let arguments = CommandLine.arguments.dropFirst()
let port = arguments.first.flatMap { Int($0) } ?? 20000
let upstream = arguments.dropFirst().first
let key = P256.Signing.PrivateKey()
let header = Data(#"{"alg":"ES256","typ":"at+jwt","kid":"floor"}"#.utf8).base64EncodedString()

let constant = ByteBuffer(
    string: #"{"data":{"account_id":"acc_0","booked":{"amount":"1250.00","currency":"KES"},"available":{"amount":"1250.00","currency":"KES"}}}"#)
func answer(_ body: ByteBuffer) -> Response { Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body)) }

let router = Router()
router.get("/constant") { _, _ in answer(constant) }
func signed(_ request: Request) async throws -> Response {
    let form = try await request.body.collect(upTo: 65536)
    let scope = String(buffer: form).split(separator: "&").first { $0.hasPrefix("scope=") }?.dropFirst(6) ?? ""
    let payload = Data(#"{"iss":"http://localhost","aud":"http://localhost/v1","sub":"floor","scope":"\#(scope)","exp":1795240800}"#.utf8).base64EncodedString()
    let message = "\(header).\(payload)"
    let signature = try key.signature(for: Data(message.utf8)).rawRepresentation.base64EncodedString()
    let body = ByteBuffer(string: #"{"access_token":"\#(message).\#(signature)","token_type":"Bearer","expires_in":300}"#)
    return Response(status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"], body: ResponseBody(byteBuffer: body))
}
router.post("/signature") { request, _ in try await signed(request) }

// As long as an assertion and a DPoP proof are.
let proofs = try [Data(repeating: 97, count: 320), Data(repeating: 98, count: 360)].map { ($0, try key.signature(for: $0)) }
let publicKey = key.publicKey
router.post("/verified") { request, _ in
    for (message, signature) in proofs where !publicKey.isValidSignature(signature, for: message) { throw HTTPError(.unauthorized) }
    return try await signed(request)
}
router.get("/v1/accounts/:id/balance") { request, _ in
    guard let upstream else { return answer(constant) }
    let forwarded = HTTPClientRequest(url: upstream + request.uri.string)
    return answer(try await HTTPClient.shared.execute(forwarded, timeout: .seconds(10)).body.collect(upTo: 1 << 20))
}
let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil))
try await application.runService()
