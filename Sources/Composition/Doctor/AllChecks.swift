/// What `wekeza doctor` looks at, in the order of a start.
public struct AllChecks: Sendable {
    public init() {}

    private static let all: [any Check] = [
        SettingsCheck(), AssetsCheck(), DataFolderCheck(), MasterKeyCheck(), DiskCheck(), DatabaseCheck(), SchemaCheck(), ClockCheck(), KeysCheck(),
        CertificateCheck(), ClientTrustCheck(), StatementIssuersCheck(), IssuerCheck(), PortsCheck(), DescriptorsCheck(), MailCheck(), DemoCheck(),
    ]

    public func run(_ setUp: SetUp) async -> [Finding] {
        var findings: [Finding] = []
        for check in Self.all { findings += await check.run(setUp) }
        return findings
    }
}
