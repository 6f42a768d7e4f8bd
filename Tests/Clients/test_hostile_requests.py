"""Whatever is sent to an endpoint, the fault is never ours: no answer of 500 or above, and the server goes on."""

import base64
import json
import os
import secrets
import time
from collections import Counter
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from authorities import der, self_signed
from conftest import Customer, Server, engines
from hostile import Mutator, Sample, status
from proofs import Proofs, assertion

CALLBACK = "https://partner.example/callback"
CASES = int(os.environ.get("WEKEZA_FUZZ_CASES", "400"))
SEED = int(os.environ.get("WEKEZA_FUZZ_SEED", "1"))
FORM, JSON = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "application/json"}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
WISH = {
    "type": "account_access", "permissions": ["ReadAccountsBasic", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"],
    "expires_at": "2027-02-19T00:00:00Z", "transactions_from": "2026-06-01T00:00:00Z",
}


class Target:
    """A server behind a proxy, and sound requests to each of its endpoints."""

    def __init__(self, engine):
        self.server = Server(engine, "--trusted-proxies", "127.0.0.1", "--client-cert-proxies", "127.0.0.1")
        self.issuer = self.server.issuer
        common = ["--redirect-uri", CALLBACK, "--plan", "unlimited", "--grant-types", "authorization_code,refresh_token,client_credentials", "--scopes",
                  "openid profile email accounts.read transactions.read consents.write"]
        app = self.server.create_app("With a secret", "--auth-method", "client_secret_basic", *common)
        self.client, self.secret = app["client_id"], app["client_secret"]
        self.basic = {"Authorization": "Basic " + base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()}
        self.key = ECKey.generate_key("P-256", {"kid": "partner-1"})
        keys = os.path.join(self.server.folder.name, "jwks.json")
        with open(keys, "w") as file:
            file.write(json.dumps({"keys": [self.key.as_dict(private=False)]}))
        self.keyed = self.server.create_app("With a key", "--auth-method", "private_key_jwt", "--jwks", keys, *common)["client_id"]
        self.certificate = {"Client-Cert": f":{base64.b64encode(der(self_signed('partner').certificate)).decode()}:"}
        self.proofs = Proofs()
        self.customer = Customer("amina.traveler")

    def request(self, **more):
        return {
            "response_type": "code", "client_id": self.client, "redirect_uri": CALLBACK, "scope": "openid accounts.read", "state": "s", "nonce": "n",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256", **more}

    def redemption(self):
        answer = self.customer.decide(f"{self.issuer}/oauth2/authorize?{urlencode(self.request())}")
        return {"grant_type": "authorization_code", "code": parse_qs(urlsplit(answer).query)["code"][0], "code_verifier": VERIFIER, "redirect_uri": CALLBACK}

    def consent(self):
        token = requests.post(
            f"{self.issuer}/oauth2/token", data={"grant_type": "client_credentials", "scope": "consents.write"}, headers=self.basic, timeout=20).json()["access_token"]
        answer = requests.post(
            f"{self.issuer}/v1/consents", json=WISH, headers={"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}, timeout=20)
        return token, answer.json()["id"]

    def samples(self, endpoint):
        """Sound requests to the endpoint, each made when it is asked for: proofs and assertions work once."""
        own, consent = self.consent()
        tokens = requests.post(f"{self.issuer}/oauth2/token", data=self.redemption(), headers=self.basic, timeout=20).json()
        customers = tokens["access_token"]
        rich = self.request(
            prompt="login", max_age="60", display="page", ui_locales="en sw", acr_values="urn:wekeza:acr:2", login_hint="amina.traveler", response_mode="form_post.jwt",
            claims='{"id_token":{"acr":{"essential":true,"values":["urn:wekeza:acr:1"]},"sub":{"value":"usr_x"}},"userinfo":{"name":null}}',
            authorization_details=json.dumps([{"type": "account_access", "consent_id": consent}]), id_token_hint=tokens["id_token"],
            resource=f"{self.issuer}/v1", dpop_jkt=self.proofs.key.thumbprint())
        signed = jwt.encode(
            {"alg": "ES256", "kid": "partner-1", "typ": "oauth-authz-req+jwt"},
            {"iss": self.keyed, "aud": self.issuer, "exp": int(time.time()) + 3000, "nbf": int(time.time()), **self.request(client_id=self.keyed, max_age=60)}, self.key)

        def post(fields, *headers, asserting=False):
            path = f"/oauth2/{endpoint}"
            return lambda: Sample("POST", path, {**FORM, **merged(headers, "POST", path)}, body=[*fields, *(self.asserted() if asserting else [])])

        def get(path, *headers, token=None, query=""):
            return lambda: Sample("GET", path, {"Accept": "*/*", **merged(headers, "GET", path, token)}, query=query)

        def merged(headers, method, path, token=None):
            return {name: value for header in headers for name, value in (header(method, path, token) if callable(header) else header).items()}

        match endpoint:
            case "token":
                refreshing = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]), ("scope", "openid")]
                alone = [("grant_type", "client_credentials"), ("scope", "consents.write"), ("resource", f"{self.issuer}/v1")]
                return [
                    post(self.redemption().items(), self.basic), post(refreshing, self.basic), post(refreshing, self.basic, self.proof, self.certificate),
                    post(alone, self.basic, self.proof), post(alone, asserting=True), post(alone, self.certificate, asserting=True)]
            case "par":
                return [post(rich.items(), self.basic), post(rich.items(), self.basic, self.proof, self.certificate), post([("request", signed)], asserting=True)]
            case "authorize":
                fields = [rich, self.request(), {"client_id": self.keyed, "request": signed}, {"client_id": self.client, "request_uri": self.pushed()}]
                return [get("/oauth2/authorize", {"Cookie": self.cookie}, query=urlencode(one)) for one in fields]
            case "introspect" | "revoke":
                return [
                    post([("token", own), ("token_type_hint", "access_token")], self.basic, self.certificate),
                    post([("token", tokens["refresh_token"])], self.basic), post([("token", own)], asserting=True)]
            case "register":
                lot = {
                    "redirect_uris": [CALLBACK], "client_name": "Robot", "client_name#sw": "Roboti", "grant_types": ["authorization_code", "refresh_token"],
                    "response_types": ["code"], "scope": "openid accounts.read", "token_endpoint_auth_method": "private_key_jwt",
                    "contacts": ["a@partner.example"], "jwks": {"keys": [self.key.as_dict(private=False)]}, "id_token_signed_response_alg": "ES256",
                    "client_uri": "https://partner.example/", "software_id": "x", "software_version": "1", "dpop_bound_access_tokens": True,
                    "require_pushed_authorization_requests": True}
                little = {"redirect_uris": [CALLBACK], "client_name": "Robot", "scope": "openid"}
                register = lambda body, more={}: lambda: Sample("POST", "/oauth2/register", {**JSON, **more}, body=body)
                return [register(lot), register(little), register({**little, "software_statement": signed}), register(little, {"Authorization": "Bearer x"})]
            case "userinfo":
                return [
                    get("/oauth2/userinfo", bearer(customers)), get("/oauth2/userinfo", bearer(customers), self.certificate),
                    get("/oauth2/userinfo", {"Authorization": f"DPoP {customers}"}, self.proof, token=customers), post([("access_token", customers)])]
            case "consents":
                keyed = lambda: {"Idempotency-Key": secrets.token_hex(8), "x-fapi-interaction-id": "c770aef3-6784-41f7-8e0e-ff5f97bddb3a"}
                return [
                    lambda: Sample("POST", "/v1/consents", {**JSON, **bearer(own), **keyed()}, body=WISH),
                    lambda: Sample("POST", "/v1/consents", {**JSON, **bearer(own), **keyed(), **self.certificate}, body=WISH),
                    get("/v1/consents", bearer(own), query="limit=2&status=authorised"), get("/v1/consents", bearer(own), self.proof, token=own)]

    def asserted(self):
        return assertion(self.key, self.keyed, self.issuer).items()

    def proof(self, method, path, token=None):
        return {"DPoP": self.proofs.make(method, self.issuer + path, token)}

    def pushed(self):
        return requests.post(f"{self.issuer}/oauth2/par", data=self.request(), headers=self.basic, timeout=20).json()["request_uri"]

    @property
    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.customer.browser.cookies.get_dict().items())


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module", params=engines())
def target(request):
    target = Target(request.param)
    yield target
    assert target.server.stop() == 0, "the server did not end cleanly on SIGTERM"


@pytest.mark.parametrize("endpoint", ["token", "par", "authorize", "introspect", "revoke", "register", "userinfo", "consents"])
def test_whatever_is_sent_the_fault_is_never_ours(target, endpoint):
    samples, mutator = target.samples(endpoint), Mutator(f"{SEED} {endpoint}")

    answers, faults = Counter(), []
    for _ in range(CASES):
        request = mutator.next(samples)
        answer = status(target.server.port, request)
        answers[answer] += 1
        if answer is not None and answer >= 500:
            faults.append((answer, request))

    assert faults == []
    # They were answered, most of them, and some changes do no harm: what was sent got past whoever looks first.
    assert answers[None] <= CASES // 10 and answers.keys() & {200, 201, 303}, answers
    assert target.server.process.poll() is None, target.server.printed()
    assert requests.get(f"http://127.0.0.1:{target.server.ops_port}/readyz", timeout=5).status_code == 200
    assert requests.post(f"{target.issuer}/oauth2/token", data=target.redemption(), headers=target.basic, timeout=20).status_code == 200
