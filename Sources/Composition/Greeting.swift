internal import Foundation
internal import Primitives

/// What a start prints for the person at the terminal: the addresses, and in demo mode who can sign in and what to paste next.
struct Greeting {
    private let configuration: Configuration
    private let world: DemoWorld?

    init(_ configuration: Configuration, world: DemoWorld?) {
        self.configuration = configuration
        self.world = world
    }

    func print() {
        FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    }

    private var lines: [String] { addresses + (world.map(demo) ?? warnings) }

    private var addresses: [String] {
        var lines = ["", "Wekeza Open Platform", "  portal, sign-in, API   \(configuration.issuer)"]
        if configuration.mutualTLSPort != nil, let base = configuration.mutualTLSBase { lines.append("  client certificates    \(base)\(authority)") }
        if configuration.demo, configuration.mutualTLSPort == nil { lines.append("  client certificates    none: their port is taken or off (--tls-port)") }
        lines.append("  operations             http://127.0.0.1:\(configuration.opsPort)/metrics  /healthz  /readyz")
        return lines
    }

    /// Where the authority of a development certificate lies, for clients to trust.
    private var authority: String { configuration.tls == nil && configuration.demo ? "  (trust \(configuration.dataDirectory)/tls/authority.pem)" : "" }

    private var warnings: [String] {
        configuration.mail == nil ? ["  No mail server is set (WEKEZA_SMTP_URL): sign-up and password mails go nowhere.", ""] : [""]
    }

    private func demo(_ world: DemoWorld) -> [String] {
        let issuer = configuration.issuer
        return [
            "",
            "Sandbox: everything is made up, no real money moves.",
            "  customer    amina.traveler             \(DemoWorld.customerPassword)            \(issuer)/my",
            "              (also brian.parent, chao.digital, diana.student, elijah.boomer)",
            "  developer   \(DemoWorld.developer.email)     \(DemoWorld.developer.password)  \(issuer)/portal/sign-in",
            "  staff       \(DemoWorld.staff.email)         \(DemoWorld.staff.password)      \(issuer)/staff/sign-in",
            "  app         \(DemoWorld.clientID)                \(world.clientSecret.value)",
            "",
            "See the whole thing in a browser: \(issuer)/demo",
            "Or paste these three commands:",
            "",
            "  TOKEN=$(curl -s \(issuer)/oauth2/token -u \(DemoWorld.clientID):\(world.clientSecret.value) \\",
            "    -d grant_type=client_credentials -d scope=consents.write | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
            "",
            "  curl -s \(issuer)/v1/consents -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\",
            "    -d '{\"type\":\"account_access\",\"permissions\":[\"ReadAccountsBasic\",\"ReadBalances\"],\"expires_at\":\"\(expiry)\"}'",
            "",
            "  curl -s \(issuer)/.well-known/openid-configuration",
            "",
        ]
    }

    /// Thirty days from now, for the command to paste.
    private var expiry: String { (SystemClock().now + .days(30)).rfc3339 }
}
