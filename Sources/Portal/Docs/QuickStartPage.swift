import Hummingbird
import Pages
import Web

/// `/docs`: from nothing to a first answer.
struct QuickStartPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/docs") { request, context in
            try await site.docs(request, context, "docs/quick-start", title: "Quick start") { Model(context.issuer, isDemo: site.isDemo) }
        }
    }

    struct Model: Encodable {
        let navigation: DocsNavigation
        let issuer: String
        let isDemo: Bool
        let secret, token, lodge, pair, authorize, exchange, accounts: Code

        init(_ issuer: Issuer, isDemo: Bool) {
            navigation = DocsNavigation(current: "quick-start")
            self.issuer = issuer.text
            self.isDemo = isDemo
            secret = Code("Set your app’s values", "export CLIENT_ID=app-…\nexport SECRET=wkz_sk_…")
            token = Code(
                "Get a token for the app itself",
                """
                curl \(issuer)/oauth2/token \\
                  -u "$CLIENT_ID:$SECRET" \\
                  -d grant_type=client_credentials \\
                  -d scope=consents.write
                """)
            lodge = Code(
                "Lodge a consent",
                """
                curl \(issuer)/v1/consents \\
                  -H "Authorization: Bearer $TOKEN" \\
                  -H "Content-Type: application/json" \\
                  -H "Idempotency-Key: first-consent" \\
                  -d '{"type": "account_access",
                       "permissions": ["ReadAccountsBasic", "ReadBalances"],
                       "expires_at": "2027-02-19T00:00:00Z"}'
                """)
            pair = Code(
                "Make a PKCE pair",
                """
                VERIFIER=$(openssl rand -base64 48 | tr -d '=\\n' | tr '+/' '-_')
                CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | base64 | tr -d '=' | tr '+/' '-_')
                """)
            authorize = Code(
                "The authorization request",
                """
                \(issuer)/oauth2/authorize
                  ?response_type=code
                  &client_id=$CLIENT_ID
                  &redirect_uri=https%3A%2F%2Fyour-app.example%2Fcallback
                  &scope=openid
                  &state=…&nonce=…
                  &code_challenge=$CHALLENGE&code_challenge_method=S256
                  &authorization_details=[{"type":"account_access","consent_id":"cns_…"}]
                """)
            exchange = Code(
                "Exchange the code",
                """
                curl \(issuer)/oauth2/token \\
                  -u "$CLIENT_ID:$SECRET" \\
                  -d grant_type=authorization_code \\
                  -d code=$CODE \\
                  -d code_verifier=$VERIFIER \\
                  --data-urlencode "redirect_uri=https://your-app.example/callback"
                """)
            accounts = Code("List the accounts", "curl -i \(issuer)/v1/accounts -H \"Authorization: Bearer $ACCESS_TOKEN\"")
        }
    }
}
