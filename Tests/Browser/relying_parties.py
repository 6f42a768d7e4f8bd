"""Partners on other origins: a backend that keeps a secret, and an app that lives in the browser alone."""

import base64
import hashlib
import json
import secrets
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import requests


class Party:
    """A small web server on a free port of 127.0.0.1: another origin than localhost."""

    def __init__(self, issuer):
        self.issuer = issuer
        party = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                party.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.redirect_uri = self.origin + "/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        raise NotImplementedError

    @staticmethod
    def reply(handler, body, content_type="text/html; charset=utf-8", status=200):
        data = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class RelyingParty(Party):
    """A web app with a backend: it lodges consents, exchanges codes and calls the API from its own machine."""

    client_id = client_secret = None

    def __init__(self, issuer):
        super().__init__(issuer)
        self.flows, self.answers, self.tokens = {}, [], None

    def answer(self, handler):
        url = urlsplit(handler.path)
        if url.path == "/callback":
            query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            self.answers.append(query)
            return self.reply(handler, f"<!doctype html><title>Back</title><h1>{'Thank you' if 'code' in query else 'Nothing shared'}</h1>")
        self.reply(handler, "<!doctype html><title>Partner</title><h1>Partner</h1>", status=200 if url.path == "/" else 404)

    @property
    def metadata(self):
        return requests.get(self.issuer + "/.well-known/openid-configuration", timeout=10).json()

    def token(self, **parameters):
        return requests.post(self.metadata["token_endpoint"], data=parameters, auth=(self.client_id, self.client_secret), timeout=10)

    def own_token(self, scope="consents.write"):
        return self.token(grant_type="client_credentials", scope=scope).json()["access_token"]

    def lodge(self, expires_at="2027-02-19T00:00:00Z", **more):
        wish = {
            "type": "account_access", "expires_at": expires_at,
            "permissions": ["ReadAccountsBasic", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"], **more,
        }
        return self.lodged(wish)

    def lodge_payment(self, payment, **more):
        """`payment`: amount, creditor and reference, as `pay` sends them."""
        return self.lodged({"type": "payment", "payment": payment, **more})

    def lodged(self, wish):
        answer = requests.post(
            self.issuer + "/v1/consents", json=wish, headers={"Authorization": f"Bearer {self.own_token()}", "Idempotency-Key": secrets.token_hex(12)}, timeout=10)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def pay(self, consent_id, payment, key=None):
        return self.create("/v1/payments", consent_id, payment, key)

    def create(self, path, consent_id, body, key=None):
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}", "Idempotency-Key": key or secrets.token_hex(12)}
        return requests.post(self.issuer + path, json={"consent_id": consent_id, **body}, headers=headers, timeout=10)

    def payment(self, payment_id):
        return requests.get(
            f"{self.issuer}/v1/payments/{payment_id}", headers={"Authorization": f"Bearer {self.own_token('payments.write')}"}, timeout=10).json()

    def upload(self, file, media_type="application/x-ndjson"):
        headers = {
            "Authorization": f"Bearer {self.own_token('payments.write')}", "Idempotency-Key": secrets.token_hex(12), "Content-Type": media_type,
        }
        return requests.post(self.issuer + "/v1/bulk-payments", data=file.encode(), headers=headers, timeout=30)

    def execute(self, bulk_id):
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}", "Idempotency-Key": secrets.token_hex(12)}
        return requests.post(f"{self.issuer}/v1/bulk-payments/{bulk_id}/execution", headers=headers, timeout=30)

    def bulk(self, path=""):
        return requests.get(
            f"{self.issuer}/v1/bulk-payments{path}", headers={"Authorization": f"Bearer {self.own_token('payments.write')}"}, timeout=10).json()

    def consent(self, consent_id):
        return requests.get(f"{self.issuer}/v1/consents/{consent_id}", headers={"Authorization": f"Bearer {self.own_token()}"}, timeout=10)

    def end(self, consent_id):
        return requests.delete(f"{self.issuer}/v1/consents/{consent_id}", headers={"Authorization": f"Bearer {self.own_token()}"}, timeout=10)

    def authorize_address(self, consent_id=None, scope="openid profile", type="account_access", **more):
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(40)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        self.flows[state] = verifier
        query = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": scope, "state": state,
            "nonce": secrets.token_urlsafe(16), "code_challenge": challenge, "code_challenge_method": "S256", **more,
        }
        if consent_id:
            query["authorization_details"] = json.dumps([{"type": type, "consent_id": consent_id}])
        return self.metadata["authorization_endpoint"] + "?" + urlencode(query)

    def exchange(self):
        """Redeems the code of the latest answer, after checking state and issuer."""
        answer = self.answers[-1]
        assert answer["iss"] == self.issuer
        response = self.token(
            grant_type="authorization_code", code=answer["code"], redirect_uri=self.redirect_uri, code_verifier=self.flows[answer["state"]])
        if response.status_code == 200:
            self.tokens = response.json()
        return response

    def call(self, path):
        return requests.get(self.issuer + path, headers={"Authorization": f"Bearer {self.tokens['access_token']}"}, timeout=10)

    def refresh(self):
        return self.token(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])


SINGLE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Pesa Planner</title></head>
<body><h1>Pesa Planner</h1><button id="connect">Connect</button><p id="result"></p>
<script type="module">
const settings = SETTINGS;
const base64url = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const metadata = await (await fetch(settings.issuer + "/.well-known/openid-configuration")).json();
const result = document.querySelector("#result");
document.querySelector("#connect").addEventListener("click", async () => {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const state = base64url(crypto.getRandomValues(new Uint8Array(16)));
  sessionStorage.verifier = verifier;
  sessionStorage.state = state;
  const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  location = metadata.authorization_endpoint + "?" + new URLSearchParams({
    response_type: "code", client_id: settings.client_id, redirect_uri: settings.redirect_uri, scope: "openid accounts.read",
    state, nonce: state, code_challenge: challenge, code_challenge_method: "S256" });
});
const query = new URLSearchParams(location.search);
if (query.has("error")) result.textContent = "Refused: " + query.get("error");
if (query.has("code")) {
  if (query.get("state") !== sessionStorage.state || query.get("iss") !== settings.issuer) throw new Error("foreign answer");
  const answer = await fetch(metadata.token_endpoint, { method: "POST", body: new URLSearchParams({
    grant_type: "authorization_code", client_id: settings.client_id, code: query.get("code"), redirect_uri: settings.redirect_uri,
    code_verifier: sessionStorage.verifier }) });
  const tokens = await answer.json();
  const accounts = await fetch(settings.issuer + "/v1/accounts", { headers: { Authorization: "Bearer " + tokens.access_token } });
  const list = await accounts.json();
  result.textContent = accounts.ok ? "Accounts: " + list.data.map(account => account.name).join(", ") : list.detail;
}
</script></body></html>"""


@contextmanager
def registered(server, name, *more):
    """A partner's backend on another origin, whose app has a secret."""
    party = RelyingParty(server.issuer)
    app = server.create_app(name, "--redirect-uri", party.redirect_uri, "--plan", "unlimited", *more)
    party.client_id, party.client_secret, party.app_id = app["client_id"], app["client_secret"], app["app_id"]
    try:
        yield party
    finally:
        party.close()


class SinglePageApp(Party):
    """An app without a backend: every request comes from the browser, across origins."""

    client_id = None

    def answer(self, handler):
        if urlsplit(handler.path).path not in ("/", "/callback"):
            return self.reply(handler, "", status=404)
        settings = json.dumps({"issuer": self.issuer, "client_id": self.client_id, "redirect_uri": self.redirect_uri})
        self.reply(handler, SINGLE_PAGE.replace("SETTINGS", settings))
