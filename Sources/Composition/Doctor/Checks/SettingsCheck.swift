/// No variable is mistyped. What is set and cannot work is found before any check runs.
struct SettingsCheck: Check {
    func run(_ setUp: SetUp) async -> [Finding] {
        UnknownVariables(setUp.environment).warnings.map { .warning("settings", $0.found, $0.advice) }
    }
}
