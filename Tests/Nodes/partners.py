"""A partner's backend that may talk to any node."""

import base64
import hashlib
import json
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

CALLBACK = "https://partner.example/callback"
SCOPES = "openid profile email offline_access accounts.read transactions.read consents.write"


class Partner:
    """An app with a secret, or a public one, that was created beside the running nodes."""

    def __init__(self, node, name="Partner", public=False, organisation=None, plan="unlimited", scopes=SCOPES):
        arguments = ["--redirect-uri", CALLBACK, "--plan", plan]
        if public:
            arguments += ["--auth-method", "none", "--grant-types", "authorization_code,refresh_token"]
        else:
            arguments += ["--auth-method", "client_secret_basic", "--grant-types", "authorization_code,refresh_token,client_credentials", "--scopes", scopes]
        if organisation:
            arguments += ["--organisation", organisation]
        self.app = node.create_app(name, *arguments)
        self.issuer = node.issuer
        self.secret = self.app.get("client_secret")
        # One connection per thread and node at most: the pool's default is too small for fifty at once.
        self.web = requests.Session()
        self.web.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=100))

    @property
    def client_id(self):
        return self.app["client_id"]

    def authorization(self, scope="openid accounts.read transactions.read", **more):
        """An authorization request's address, and the verifier that its code needs."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {"response_type": "code", "client_id": self.client_id, "redirect_uri": CALLBACK, "scope": scope, "state": "s",
                 "code_challenge": challenge, "code_challenge_method": "S256", **more}
        return f"{self.issuer}/oauth2/authorize?{urlencode(query)}", verifier

    def code(self, customer, **options):
        address, verifier = self.authorization(**options)
        answer = customer.decide(address)
        assert isinstance(answer, str) and "code=" in answer, answer
        return parse_qs(urlsplit(answer).query)["code"][0], verifier

    def post(self, node, path, **fields):
        credentials = (self.client_id, self.secret) if self.secret else None
        if not self.secret:
            fields["client_id"] = self.client_id
        return self.web.post(node.address + path, data=fields, auth=credentials, timeout=20)

    def exchange(self, node, code, verifier):
        return self.post(node, "/oauth2/token", grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=CALLBACK)

    def refresh(self, node, token):
        return self.post(node, "/oauth2/token", grant_type="refresh_token", refresh_token=token)

    def token(self, node):
        answer = self.post(node, "/oauth2/token", grant_type="client_credentials", scope="consents.write")
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def connect(self, node, customer, **options):
        """A connected customer's tokens."""
        answer = self.exchange(node, *self.code(customer, **options))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, node, path, token):
        return self.web.get(node.address + path, headers={"Authorization": f"Bearer {token}"}, timeout=20)


class PayingPartner(Partner):
    """One that makes payments under consents for one bill each."""

    bill = {"amount": {"amount": "12.50", "currency": "KES"}, "creditor": {"name": "Kenya Power", "account": "KPLC-882-001"}, "reference": "Bill 77"}

    def __init__(self, node):
        super().__init__(node, "Paying Partner", scopes="openid consents.write payments.write")

    def approved(self, node, customer):
        """A consent that the customer approves, and the token for it."""
        lodged = self.send(node, "/v1/consents", self.token(node), {"type": "payment", "payment": self.bill})
        assert lodged.status_code == 201, lodged.text
        consent = lodged.json()["id"]
        details = json.dumps([{"type": "payment", "consent_id": consent}])
        return consent, self.connect(node, customer, scope="openid", authorization_details=details)["access_token"]

    def pay(self, node, consent, token, key):
        return self.send(node, "/v1/payments", token, {"consent_id": consent, **self.bill}, {"Idempotency-Key": key})

    def payments(self, node):
        """What the app has made so far, by the consents that it made them under."""
        token = self.post(node, "/oauth2/token", grant_type="client_credentials", scope="payments.write").json()["access_token"]
        return [payment["consent_id"] for payment in self.get(node, "/v1/payments", token).json()["data"]]

    def send(self, node, path, token, body, headers={}):
        return self.web.post(node.address + path, json=body, headers={"Authorization": f"Bearer {token}", **headers}, timeout=20)
