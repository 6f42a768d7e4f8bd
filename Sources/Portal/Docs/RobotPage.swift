import Hummingbird
import Pages
import Web

/// `/docs/robot`: how a program goes the whole way without a browser.
struct RobotPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/docs/robot") { request, context in
            try await site.docs(request, context, "docs/robot", title: "Robot customer") { Model(context.issuer) }
        }
    }

    struct Model: Encodable {
        let navigation = DocsNavigation(current: "sandbox")
        let lodge, tell, authorize, exchange, push, withdraw: Code

        init(_ issuer: Issuer) {
            lodge = Code(
                "Lodge a payment consent",
                """
                TOKEN=$(curl -s \(issuer)/oauth2/token -u "$CLIENT_ID:$SECRET" \\
                  -d grant_type=client_credentials -d scope=consents.write | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')

                CONSENT=$(curl -s \(issuer)/v1/consents \\
                  -H "Authorization: Bearer $TOKEN" \\
                  -H "Content-Type: application/json" \\
                  -d '{"type": "payment", "payment": {"amount": {"amount": "1250.00", "currency": "KES"},
                       "creditor": {"name": "Kenya Power", "account": "KPLC-882-001"}, "reference": "Bill 77"}}' \\
                  | sed -E 's/^[{]"id":"([^"]+)".*/\\1/')
                """)
            tell = Code(
                "Tell the robot what to decide",
                """
                curl \(issuer)/sandbox/v1/consents/$CONSENT/authorisation \\
                  -H "Authorization: Bearer $TOKEN" \\
                  -H "Content-Type: application/json" \\
                  -d '{"customer": "amina.traveler", "decision": "approve"}'
                """)
            authorize = Code(
                "Send the authorization request, and read the code from the redirect",
                """
                VERIFIER=$(openssl rand -base64 48 | tr -d '=\\n' | tr '+/' '-_')
                CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | base64 | tr -d '=' | tr '+/' '-_')

                CODE=$(curl -sG -o /dev/null -w '%{redirect_url}' \(issuer)/oauth2/authorize \\
                  -d response_type=code -d client_id=$CLIENT_ID -d scope=openid -d state=1 \\
                  -d code_challenge=$CHALLENGE -d code_challenge_method=S256 \\
                  --data-urlencode "redirect_uri=https://your-app.example/callback" \\
                  --data-urlencode 'authorization_details=[{"type":"payment","consent_id":"'$CONSENT'"}]' \\
                  | sed -E 's/.*[?&]code=([^&]+).*/\\1/')
                """)
            exchange = Code(
                "Exchange the code, as ever",
                """
                ACCESS_TOKEN=$(curl -s \(issuer)/oauth2/token -u "$CLIENT_ID:$SECRET" \\
                  -d grant_type=authorization_code -d code=$CODE -d code_verifier=$VERIFIER \\
                  --data-urlencode "redirect_uri=https://your-app.example/callback" | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')
                """)
            push = Code(
                "A pushed request that says it itself",
                """
                curl \(issuer)/oauth2/par -u "$CLIENT_ID:$SECRET" \\
                  -d response_type=code -d scope="openid accounts.read" -d state=1 \\
                  -d code_challenge=$CHALLENGE -d code_challenge_method=S256 \\
                  --data-urlencode "redirect_uri=https://your-app.example/callback" \\
                  -d sandbox_customer=diana.student -d sandbox_decision=approve

                # Then the authorization request with the request_uri of the answer:
                curl -sG -o /dev/null -w '%{redirect_url}' \(issuer)/oauth2/authorize \\
                  -d client_id=$CLIENT_ID --data-urlencode "request_uri=$REQUEST_URI"
                """)
            withdraw = Code(
                "Withdraw as the customer",
                """
                curl -X POST \(issuer)/sandbox/v1/consents/$CONSENT/revocation \\
                  -H "Authorization: Bearer $TOKEN"
                """)
        }
    }
}
