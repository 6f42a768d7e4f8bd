"""One partner's and one customer's requests, each with what became of it: acknowledged, refused, or unknown because the answer never came."""

import base64
import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from shared import Customer, FormParser

CALLBACK = "https://partner.example/callback"
SCOPE = "openid accounts.read"


@dataclass
class Answer:
    status: int
    headers: dict
    text: str
    seconds: float = 0.0
    """How long it was waited for."""

    @property
    def json(self):
        try:
            return json.loads(self.text)
        except ValueError:
            return {}

    @property
    def says(self):
        """The protocol's word for it: `invalid_grant`, `temporarily_unavailable`, a problem's code."""
        return self.json.get("error") or self.json.get("code")

    @property
    def is_replay(self):
        """Whether it is the answer to an earlier request with the same key."""
        return self.headers.get("Idempotency-Replayed") == "true"

    @property
    def is_clear_refusal(self):
        """Whether the caller can tell from it what to do: an error by name, and with 503 the time to come back."""
        return 400 <= self.status < 500 or (self.status == 503 and "Retry-After" in self.headers)

    def __str__(self):
        wait = f", Retry-After {self.headers['Retry-After']}" if "Retry-After" in self.headers else ""
        return f"{self.status}{wait}: {self.text[:200]}"


def perform(session, method, address, timeout=30, **options):
    """- Returns: `None` when no whole answer came."""
    try:
        answer = session.request(method, address, timeout=timeout, allow_redirects=False, **options)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
        return None
    return Answer(answer.status_code, answer.headers, answer.text, answer.elapsed.total_seconds())


class PageRefused(Exception):
    """The consent page did not come."""

    def __init__(self, answer):
        super().__init__(str(answer))
        self.answer = answer


class Partner:
    """An app's backend."""

    def __init__(self, node, app, timeout=30):
        self.node, self.app, self.timeout = node, app, timeout
        self.session = requests.Session()
        self.is_public = not app.get("client_secret")
        # Whether it comes back when it is told to: a service that was just cut off may refuse clearly once more.
        self.is_patient = False

    def perform(self, *request, **options):
        deadline = time.monotonic() + 15
        while True:
            answer = perform(self.session, *request, **options)
            if not self.is_patient or answer is None or answer.status != 503 or not answer.is_clear_refusal or time.monotonic() > deadline:
                return answer
            time.sleep(0.1)

    def post(self, path, **fields):
        authentication = None
        if self.is_public:
            fields["client_id"] = self.app["client_id"]
        else:
            authentication = (self.app["client_id"], self.app["client_secret"])
        return self.perform("POST", self.node.address + path, self.timeout, data=fields, auth=authentication)

    def exchange(self, code, verifier):
        return self.post("/oauth2/token", grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=verifier)

    def refresh(self, token):
        return self.post("/oauth2/token", grant_type="refresh_token", refresh_token=token)

    def own_token(self, scope="consents.write"):
        return self.post("/oauth2/token", grant_type="client_credentials", scope=scope)

    def introspect(self, token):
        return self.post("/oauth2/introspect", token=token)

    def revoke(self, token):
        return self.post("/oauth2/revoke", token=token)

    def get(self, path, token):
        return self.perform("GET", self.node.address + path, self.timeout, headers={"Authorization": f"Bearer {token}"})

    def lodge(self, token, key, expires_at):
        body = {"type": "account_access", "permissions": ["ReadAccountsBasic", "ReadBalances"], "expires_at": expires_at}
        return perform(
            self.session, "POST", self.node.address + "/v1/consents", self.timeout, json=body,
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key})

    def pay(self, payment):
        return self.perform(
            "POST", self.node.address + "/v1/payments", self.timeout, json=payment.body,
            headers={"Authorization": f"Bearer {payment.token}", "Idempotency-Key": payment.key})

    def lodge_payment(self, token, payment):
        return self.perform(
            "POST", self.node.address + "/v1/consents", self.timeout, json={"type": "payment", "payment": payment}, headers={"Authorization": f"Bearer {token}"})


class Approver(Customer):
    """A customer who signs in once and then approves again and again."""

    def __init__(self, node, name, password="sandbox", timeout=30):
        super().__init__(name, password)
        self.node, self.timeout = node, timeout
        self.csrf = None
        """What the forms of an open `/my` carry."""

    def question(self, partner, **more):
        """Opens an authorization request, signing in where asked.
        - Returns: the consent form, ready to be sent; `None` when the server went away.
        - Raises: `PageRefused` when another page came."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode({
            "response_type": "code", "client_id": partner.app["client_id"], "redirect_uri": CALLBACK, "scope": SCOPE, "state": secrets.token_hex(8),
            "code_challenge": challenge, "code_challenge_method": "S256", **more})
        try:
            page = self.follow(self.browser.get(f"{self.node.address}/oauth2/authorize?{query}", allow_redirects=False, timeout=self.timeout))
            if 'name="password"' in page.text:
                page = self.follow(self.submit(page, "password", {"username": self.name, "password": self.password}))
        except requests.RequestException:
            return None
        if 'name="decision"' not in page.text:
            raise PageRefused(Answer(page.status_code, page.headers, page.text, page.elapsed.total_seconds()))
        parser = FormParser()
        parser.feed(page.text)
        form = next(form for form in parser.forms if any(name == "transaction" for name, _ in form["fields"]))
        accounts = [box[:2] for box in form["boxes"] if box[0] == "accounts"]
        return Question(self, [*form["fields"], *accounts[:1], ("decision", "approve")], verifier, len(accounts))

    def withdraw(self, consent):
        """Presses "Stop sharing" on `/my`.
        - Returns: `None` when the answer did not come."""
        if self.csrf is None:
            page = perform(self.browser, "GET", f"{self.node.address}/my", self.timeout)
            if page is None or page.status != 200:
                return page
            self.csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        return perform(
            self.browser, "POST", f"{self.node.address}/my/consents/{consent}/stop", self.timeout, data={"csrf": self.csrf},
            headers={"Origin": self.node.issuer})


@dataclass
class Question:
    """A consent page that waits for its answer."""
    customer: Approver
    fields: list
    verifier: str
    offered: int
    """How many accounts there are to choose from."""

    def approve(self):
        node = self.customer.node
        answer = perform(
            self.customer.browser, "POST", f"{node.address}/oauth2/authorize/decision", self.customer.timeout, data=self.fields,
            headers={"Origin": node.issuer})
        return answer


def code_of(answer):
    """The code that an approval answered with."""
    if answer is None or answer.status != 303:
        return None
    return parse_qs(urlsplit(answer.headers["Location"]).query).get("code", [None])[0]
