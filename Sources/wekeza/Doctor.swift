import ArgumentParser
import Composition
import Foundation

/// `wekeza doctor`: what is wrong with a set-up, and what to do about it. It changes nothing.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the set-up that a start would be given, and say what is wrong with it.",
        discussion: """
            Takes the flags and variables of wekeza serve. Changes and creates nothing. Ends with 0 when there is no problem, else with 1; with --strict \
            a warning ends it with 1 too.
            """)

    @OptionGroup var options: ServeOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "End with 1 for a warning too, so that who watches the exit code hears of it in time.")
    var strict = false

    func run() async throws {
        let findings = await findings()
        if json { try printJSON(findings) } else { printLines(findings) }
        if findings.contains(where: { $0.state == .problem || strict && $0.state == .warning }) { throw ExitCode(1) }
    }

    private func findings() async -> [Finding] {
        let environment = ProcessInfo.processInfo.environment
        do {
            let configuration = try options.configuration(environment: environment)
            return await AllChecks().run(SetUp(configuration, environment: environment))
        } catch {
            return [.wrongSetting("\(error)")]
        }
    }

    private func printLines(_ findings: [Finding]) {
        let width = findings.map(\.check.count).max() ?? 0
        for finding in findings {
            let name = finding.check.padding(toLength: width, withPad: " ", startingAt: 0)
            let state = finding.state.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
            print("\(state)  \(name)  \(finding.found)\(finding.advice.map { " \($0)" } ?? "")")
        }
    }

    private func printJSON(_ findings: [Finding]) throws {
        struct Printed: Encodable {
            let healthy: Bool
            let checks: [Finding]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let printed = Printed(healthy: !findings.contains { $0.state == .problem }, checks: findings)
        print(String(decoding: try encoder.encode(printed), as: UTF8.self))
    }
}
