import Testing

@testable import Composition

@Suite("Variables that nothing reads")
struct UnknownVariablesTests {
    @Test(
        arguments: [
            ("WEKEZA_DATABSE", "WEKEZA_DATABASE"), ("WEKEZA_HSOT", "WEKEZA_HOST"), ("WEKEZA_SMTP_URI", "WEKEZA_SMTP_URL"), ("WEKEZA_PORTS", "WEKEZA_PORT"),
            ("WEKEZA_OPSPORT", "WEKEZA_OPS_PORT"), ("WEKEZA_TLS_KEYY", "WEKEZA_TLS_KEY"), ("WEKEZA_Issuer", nil), ("WEKEZA_COLOUR", nil), ("WEKEZA_", nil),
        ] as [(String, String?)])
    func `the name that was meant is told where there is one`(name: String, meant: String?) throws {
        let warnings = UnknownVariables([name: "hunter2"]).warnings

        let warning = try #require(warnings.first)
        #expect(warnings.count == 1 && warning.found.hasPrefix("\(name) is no variable"))
        #expect(warning.advice.hasPrefix(meant.map { "Write \($0)," } ?? "Take it out"))
    }

    @Test func `those that are read, and other programs', are passed over`() {
        let read = Dictionary(uniqueKeysWithValues: EnvironmentVariable.allCases.map { ($0.rawValue, "x") })

        #expect(UnknownVariables(read).warnings.isEmpty)
        #expect(UnknownVariables(["PATH": "/usr/bin", "PGHOST": "db", "wekeza_port": "1"]).warnings.isEmpty)
    }
}
