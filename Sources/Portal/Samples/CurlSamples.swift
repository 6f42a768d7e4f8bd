import Applications
import OAuth
import OpenBanking

/// The whole walk in a terminal.
enum CurlSamples {
    static func steps(_ values: SampleValues) -> [SampleStep] {
        var steps: [SampleStep] = []
        if values.app.grantTypes.contains(.clientCredentials) { steps.append(clientCredentials(values)) }
        if values.lodgesConsents { steps.append(lodgeConsent(values)) }
        if values.sendsCustomers { steps += [authorize(values), exchange(values), accounts(values), refresh(values)] }
        return steps
    }

    private static func clientCredentials(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Get a token for the app itself", text: "Put the secret in $SECRET first. The token is good for 5 minutes.",
            code: Code(
                "Get a token with curl",
                """
                TOKEN=$(curl -s \(values.issuer)/oauth2/token \\
                  -u "\(values.clientID):$SECRET" \\
                  -d grant_type=client_credentials \\
                  -d scope=consents.write | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')
                """))
    }

    private static func lodgeConsent(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Lodge a consent", text: "Say what you want to read, for which period, and until when. Keep the id of the answer in $CONSENT.",
            code: Code(
                "Lodge a consent with curl",
                """
                curl \(values.issuer)/v1/consents \\
                  -H "Authorization: Bearer $TOKEN" \\
                  -H "Content-Type: application/json" \\
                  -H "Idempotency-Key: $(date +%s%N)" \\
                  -d '{
                    "type": "account_access",
                    "permissions": [\(SampleValues.permissions.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))],
                    "transactions_from": "\(values.dataFrom)",
                    "expires_at": "\(values.consentUntil)"
                  }'

                # 201 Created: {"id":"cns_…","status":"awaiting_authorisation", …}
                CONSENT=cns_…
                """))
    }

    private static func authorize(_ values: SampleValues) -> SampleStep {
        let link = values.authorizeLink(consent: values.lodgesConsents ? "CONSENT_ID" : nil)
        return SampleStep(
            title: "Send the customer to approve it",
            text: values.lodgesConsents
                ? "Put the consent’s id in place of CONSENT_ID and open the address in a browser. The customer comes back to your redirect URI with a code."
                : "Open the address in a browser. The customer comes back to your redirect URI with a code.",
            code: Code(
                "The authorization request",
                """
                # PKCE: you keep the verifier, the request carries its SHA-256. Make a new pair each time:
                #   VERIFIER=$(openssl rand -base64 48 | tr -d '=\\n' | tr '+/' '-_')
                #   CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | base64 | tr -d '=' | tr '+/' '-_')
                VERIFIER=\(values.codeVerifier)

                \(link)

                # Back at your address, check that state is \(values.state) and iss is \(values.issuer), then take the code:
                # \(values.redirectURI)?code=…&state=\(values.state)&iss=…
                """))
    }

    private static func exchange(_ values: SampleValues) -> SampleStep {
        let proof = values.app.isPublic ? "-d client_id=\(values.clientID) \\" : "-u \"\(values.clientID):$SECRET\" \\"
        return SampleStep(
            title: "Exchange the code", text: "Within 60 seconds, and once. You get an access token (5 minutes), an ID token and a refresh token.",
            code: Code(
                "Exchange the code with curl",
                """
                curl \(values.issuer)/oauth2/token \\
                  \(proof)
                  -d grant_type=authorization_code \\
                  -d code=$CODE \\
                  -d code_verifier=$VERIFIER \\
                  --data-urlencode "redirect_uri=\(values.redirectURI)"
                """))
    }

    private static func accounts(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Read the accounts", text: "Exactly those that the customer chose.",
            code: Code(
                "Read accounts, balances and transactions with curl",
                """
                curl \(values.issuer)/v1/accounts -H "Authorization: Bearer $ACCESS_TOKEN"
                curl \(values.issuer)/v1/accounts/$ACCOUNT/balance -H "Authorization: Bearer $ACCESS_TOKEN"
                curl "\(values.issuer)/v1/accounts/$ACCOUNT/transactions?from=\(values.dataFrom.prefix(10))" -H "Authorization: Bearer $ACCESS_TOKEN"

                # Each answer names its X-Request-Id. Look at any of them, refused ones too:
                # \(values.issuer)/r/req_…
                """))
    }

    private static func refresh(_ values: SampleValues) -> SampleStep {
        let proof = values.app.isPublic ? "-d client_id=\(values.clientID) \\" : "-u \"\(values.clientID):$SECRET\" \\"
        return SampleStep(
            title: "Get the next token", text: "Without the customer, as long as the consent is in force.",
            code: Code(
                "Refresh with curl",
                """
                curl \(values.issuer)/oauth2/token \\
                  \(proof)
                  -d grant_type=refresh_token \\
                  -d refresh_token=$REFRESH_TOKEN
                """))
    }
}
