import Foundation
import Logging
import Primitives
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("The log")
struct LogTests {
    @Test func `an event is one line with the schema's names`() {
        let line = logged { $0.info("request", metadata: ["request_id": "req_1", "method": "GET", "http.response.status_code": "200", "plan": "free"]) }

        #expect(
            line == """
                {"@timestamp":"2026-11-21T06:00:00.000Z","log.level":"info","message":"request","ecs.version":"8.11.0","service.name":"wekeza",\
                "log.logger":"test","http.response.status_code":200,"http.request.method":"GET","labels.plan":"free","http.request.id":"req_1"}

                """)
    }

    @Test func `text from outside stays on its line`() {
        let line = logged { $0.info("a\n{\"b\":1}\u{1b}[31m\u{2028}", metadata: ["path": "/\"\\\r"]) }

        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(line.contains(#""message":"a\n{\"b\":1}\u001b[31m\u2028""#))
        #expect(line.contains(#""url.path":"/\"\\\r""#))
    }

    @Test(arguments: ["client_secret", "password", "access_token", "Authorization", "cookie", "code_verifier", "client_assertion"])
    func `what a secret's name announces is not written`(key: String) {
        let line = logged { $0.info("request", metadata: ["\(key)": "hunter2", "nested": ["\(key)": "hunter2"]]) }

        #expect(!line.contains("hunter2"))
    }

    @Test(arguments: ["wkz_sk_0123456789abcdef", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"])
    func `a secret in the middle of a text is cut`(secret: String) {
        let line = logged { $0.error("failed for \(secret) at last", metadata: ["error": "bad value: \(secret)", "list": ["\(secret)"]]) }

        #expect(!line.contains(secret))
        #expect(line.contains("failed for \(secret.prefix(3))"))
        #expect(line.contains("at last"))
    }

    @Test func `a very long text is cut`() {
        let line = logged { $0.info("\(String(repeating: "x", count: 100_000))") }

        #expect(line.utf8.count < 9_000)
    }

    @Test(arguments: [nil, "4bf92f3577b34da6a3ce929d0e0e4736"])
    func `a request's line is the one that the handler would write`(traceID: String?) throws {
        let output = Lines()
        AccessLog(clock: ManualClock(), output: output).write(
            AccessLog.Entry(
                method: "GET", route: "/v1/accounts/{account_id}", status: 200, duration: 1_234_567, clientAddress: "2001:db8::7", requestID: "req_1",
                traceID: traceID))

        let handler = Lines()
        var metadata: Logger.Metadata = [
            "method": "GET", "http.route": "/v1/accounts/{account_id}", "status": "200", "duration": "1234567", "client.ip": "2001:db8::7",
            "http.request.id": "req_1",
        ]
        if let traceID { metadata["trace_id"] = "\(traceID)" }
        Logger(label: "requests") { ECSLogHandler(label: $0, clock: ManualClock(), output: handler) }.info("request", metadata: metadata)
        #expect(try Self.members(of: output) == Self.members(of: handler))
    }

    private static func members(of output: Lines) throws -> NSDictionary {
        let line = output.text.withLock { $0 }
        return try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)
    }

    private func logged(_ log: (Logger) -> Void) -> String {
        let output = Lines()
        log(Logger(label: "test") { ECSLogHandler(label: $0, clock: ManualClock(), output: output) })
        return output.text.withLock { $0 }
    }

    private final class Lines: LogOutput {
        let text = Mutex("")

        func write(_ line: [UInt8], isUrgent: Bool) { text.withLock { $0 += String(decoding: line, as: UTF8.self) } }
    }
}
