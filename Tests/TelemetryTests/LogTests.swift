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
