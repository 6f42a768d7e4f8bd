import Applications
import OpenBanking

/// The walk with Authlib.
enum PythonSamples {
    static func steps(_ values: SampleValues) -> [SampleStep] {
        var steps = [setUp(values)]
        if values.lodgesConsents { steps.append(lodgeConsent(values)) }
        if values.sendsCustomers { steps += [authorize(values), exchange(values)] }
        return steps
    }

    private static func setUp(_ values: SampleValues) -> SampleStep {
        let secret = values.app.isPublic ? "" : "\nSECRET = os.environ[\"SECRET\"]"
        return SampleStep(
            title: "Set up", text: nil,
            code: Code(
                "Set up Authlib",
                """
                # pip install authlib requests
                import json, os, uuid
                from authlib.common.security import generate_token
                from authlib.integrations.requests_client import OAuth2Session

                ISSUER = "\(values.issuer)"
                CLIENT_ID = "\(values.clientID)"\(secret)
                """))
    }

    private static func lodgeConsent(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Lodge a consent", text: nil,
            code: Code(
                "Lodge a consent in Python",
                """
                app = OAuth2Session(CLIENT_ID, SECRET, scope="consents.write")
                app.fetch_token(f"{ISSUER}/oauth2/token", grant_type="client_credentials")
                consent = app.post(f"{ISSUER}/v1/consents", headers={"Idempotency-Key": str(uuid.uuid4())}, json={
                    "type": "account_access",
                    "permissions": \(pythonList(SampleValues.permissions.map(\.rawValue))),
                    "transactions_from": "\(values.dataFrom)",
                    "expires_at": "\(values.consentUntil)",
                }).json()
                """))
    }

    private static func authorize(_ values: SampleValues) -> SampleStep {
        let session =
            values.app.isPublic
            ? #"OAuth2Session(CLIENT_ID, token_endpoint_auth_method="none", code_challenge_method="S256","#
            : #"OAuth2Session(CLIENT_ID, SECRET, code_challenge_method="S256","#
        let scope = values.lodgesConsents ? "openid" : values.scope
        let details =
            values.lodgesConsents
            ? ",\n    authorization_details=json.dumps([{\"type\": \"account_access\", \"consent_id\": consent[\"id\"]}])" : ""
        return SampleStep(
            title: "Send the customer", text: "Keep verifier, state and nonce in the customer’s session until they come back.",
            code: Code(
                "Build the authorization request in Python",
                """
                customer = \(session)
                                         scope="\(scope)", redirect_uri="\(values.redirectURI)")
                verifier, nonce = generate_token(48), generate_token(20)
                address, state = customer.create_authorization_url(
                    f"{ISSUER}/oauth2/authorize", code_verifier=verifier, nonce=nonce\(details))
                # redirect the customer's browser to address
                """))
    }

    private static func exchange(_ values: SampleValues) -> SampleStep {
        SampleStep(
            title: "Exchange the code and read", text: "Authlib checks state and refreshes by itself.",
            code: Code(
                "Exchange the code in Python",
                """
                # callback_address: the whole address the customer came back to
                token = customer.fetch_token(
                    f"{ISSUER}/oauth2/token", authorization_response=callback_address,
                    state=state, code_verifier=verifier)
                accounts = customer.get(f"{ISSUER}/v1/accounts").json()["data"]
                for account in accounts:
                    balance = customer.get(f"{ISSUER}/v1/accounts/{account['id']}/balance").json()
                    print(account["name"], balance["available"]["amount"], balance["available"]["currency"])
                """))
    }

    private static func pythonList(_ names: [String]) -> String { "[" + names.map { "\"\($0)\"" }.joined(separator: ", ") + "]" }
}
