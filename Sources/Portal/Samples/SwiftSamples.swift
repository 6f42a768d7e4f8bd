import Applications

/// The walk on a phone or a Mac.
enum SwiftSamples {
    static func steps(_ values: SampleValues) -> [SampleStep] {
        guard values.sendsCustomers, values.app.isPublic else { return [] }
        return [authorize(values), exchange(values)]
    }

    private static func authorize(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Send the customer", text: "The system’s browser, never a web view (RFC 8252).",
            code: Code(
                "Authorize in Swift",
                """
                import AuthenticationServices
                import CryptoKit

                func text(_ bytes: some Sequence<UInt8>) -> String {
                    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
                }
                func random() -> String { text((0..<32).map { _ in UInt8.random(in: .min ... .max) }) }

                let (verifier, state, nonce) = (random(), random(), random())
                var request = URLComponents(string: "\(values.issuer)/oauth2/authorize")!
                request.queryItems = [
                    "response_type": "code", "client_id": "\(values.clientID)", "redirect_uri": "\(values.redirectURI)",
                    "scope": "\(values.scope)", "state": state, "nonce": nonce,
                    "code_challenge": text(SHA256.hash(data: Data(verifier.utf8))), "code_challenge_method": "S256",
                ].map { URLQueryItem(name: $0.key, value: $0.value) }
                // open request.url with ASWebAuthenticationSession; it comes back with the callback address
                """, comment: "//"))
    }

    private static func exchange(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Exchange the code and read", text: nil,
            code: Code(
                "Exchange the code in Swift",
                """
                let answer = URLComponents(url: callback, resolvingAgainstBaseURL: false)!.queryItems ?? []
                func value(_ name: String) -> String? { answer.first { $0.name == name }?.value }
                guard value("state") == state, value("iss") == "\(values.issuer)", let code = value("code") else { throw URLError(.userAuthenticationRequired) }

                var form = URLComponents()
                form.queryItems = [
                    "grant_type": "authorization_code", "client_id": "\(values.clientID)", "code": code,
                    "redirect_uri": "\(values.redirectURI)", "code_verifier": verifier,
                ].map { URLQueryItem(name: $0.key, value: $0.value) }
                var exchange = URLRequest(url: URL(string: "\(values.issuer)/oauth2/token")!)
                exchange.httpMethod = "POST"
                exchange.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
                exchange.httpBody = Data(form.percentEncodedQuery!.utf8)
                let (tokens, _) = try await URLSession.shared.data(for: exchange)
                """, comment: "//"))
    }
}
