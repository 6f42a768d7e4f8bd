import Applications
import OpenBanking

/// The walk with `fetch`: in a browser for apps without a secret, on a server for the others.
enum JavaScriptSamples {
    static func steps(_ values: SampleValues) -> [SampleStep] {
        var steps: [SampleStep] = []
        if values.lodgesConsents { steps.append(lodgeConsent(values)) }
        if values.sendsCustomers { steps += [authorize(values), exchange(values)] }
        return steps
    }

    private static func lodgeConsent(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Lodge a consent", text: "Node 20 or later, Deno or Bun.",
            code: Code(
                "Lodge a consent in JavaScript",
                """
                const issuer = "\(values.issuer)";
                const basic = "Basic " + btoa(`\(values.clientID):${process.env.SECRET}`);

                const { access_token } = await fetch(`${issuer}/oauth2/token`, {
                  method: "POST",
                  headers: { Authorization: basic },
                  body: new URLSearchParams({ grant_type: "client_credentials", scope: "consents.write" }),
                }).then((answer) => answer.json());

                const consent = await fetch(`${issuer}/v1/consents`, {
                  method: "POST",
                  headers: {
                    Authorization: `Bearer ${access_token}`,
                    "Content-Type": "application/json",
                    "Idempotency-Key": crypto.randomUUID(),
                  },
                  body: JSON.stringify({
                    type: "account_access",
                    permissions: [\(SampleValues.permissions.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))],
                    transactions_from: "\(values.dataFrom)",
                    expires_at: "\(values.consentUntil)",
                  }),
                }).then((answer) => answer.json());
                """, comment: "//"))
    }

    private static func authorize(_ values: SampleValues) -> SampleStep {
        let issuer = values.lodgesConsents ? "" : "const issuer = \"\(values.issuer)\";\n"
        let details = values.lodgesConsents ? "\n  authorization_details: JSON.stringify([{ type: \"account_access\", consent_id: consent.id }])," : ""
        return SampleStep(
            title: "Send the customer",
            text: values.app.isPublic ? "In the browser. The verifier waits in sessionStorage." : "Keep verifier, state and nonce in the customer’s session.",
            code: Code(
                "Build the authorization request in JavaScript",
                """
                \(issuer)const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
                const random = () => text(crypto.getRandomValues(new Uint8Array(32)));
                const verifier = random(), state = random(), nonce = random();
                const challenge = text(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
                \(values.app.isPublic ? "sessionStorage.setItem(\"wekeza\", JSON.stringify({ verifier, state, nonce }));\n" : "")
                const address = `${issuer}/oauth2/authorize?` + new URLSearchParams({
                  response_type: "code",
                  client_id: "\(values.clientID)",
                  redirect_uri: "\(values.redirectURI)",
                  scope: "\(values.lodgesConsents ? "openid" : values.scope)",
                  state, nonce, code_challenge: challenge, code_challenge_method: "S256",\(details)
                });
                \(values.app.isPublic ? "location.assign(address);" : "// redirect the customer's browser to address")
                """, comment: "//"))
    }

    private static func exchange(_ values: SampleValues) -> SampleStep {
        let query = values.app.isPublic ? "location.search" : "callbackAddress.search"
        let kept = values.app.isPublic ? "const { verifier, state } = JSON.parse(sessionStorage.getItem(\"wekeza\"));\n" : ""
        let proof = values.app.isPublic ? "" : "\n  headers: { Authorization: basic },"
        let clientID = values.app.isPublic ? "\n    client_id: \"\(values.clientID)\"," : ""
        return SampleStep(
            title: "Exchange the code and read", text: "At the redirect URI.",
            code: Code(
                "Exchange the code in JavaScript",
                """
                \(kept)const answer = new URLSearchParams(\(query));
                if (answer.get("state") !== state || answer.get("iss") !== issuer) throw new Error("not our answer");
                const tokens = await fetch(`${issuer}/oauth2/token`, {
                  method: "POST",\(proof)
                  body: new URLSearchParams({
                    grant_type: "authorization_code",
                    code: answer.get("code"),
                    redirect_uri: "\(values.redirectURI)",\(clientID)
                    code_verifier: verifier,
                  }),
                }).then((answer) => answer.json());

                const accounts = await fetch(`${issuer}/v1/accounts`, {
                  headers: { Authorization: `Bearer ${tokens.access_token}` },
                }).then((answer) => answer.json());
                """, comment: "//"))
    }
}
