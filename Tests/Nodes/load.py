"""What clients, customers and partners do behind the balancer while the nodes are restarted."""

import base64
import http.client
import itertools
import json
import secrets
import ssl
import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from partners import Partner, PayingPartner
from servers import Customer


class Endless:
    """One thing again and again, in a thread of its own, until it is told to end."""

    def __init__(self):
        self.made, self.failures, self.done = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.done.is_set():
            try:
                self.make()
                self.made += 1
            except Exception as failure:
                self.failures.append(f"{type(self).__name__}: {failure!r}")

    def end(self):
        self.done.set()
        self.thread.join()


class Calls(Endless):
    """A client over TLS that keeps its connection, as partners do, or that opens one for each request."""

    def __init__(self, balancer, requests, keeps):
        context = ssl.create_default_context(cafile=balancer.authority)
        self.connection = http.client.HTTPSConnection("127.0.0.1", balancer.port, timeout=30, context=context)
        self.turn, self.keeps = itertools.cycle(requests), keeps
        super().__init__()

    def make(self):
        method, path, content, headers = next(self.turn)
        try:
            self.connection.request(method, path, content, headers)
            answer = self.connection.getresponse()
            body = answer.read()
        except Exception:
            self.connection.close()
            raise
        if not self.keeps:
            self.connection.close()
        assert answer.status in (200, 201), (method, path, answer.status, body[:200])


class Streams(Endless):
    """Requests over HTTP/2, twenty at a time on one connection: calls of the API, then tokens."""

    def __init__(self, balancer, partner, token):
        self.balancer = balancer
        calls = "/v1/consents", "-H", f"Authorization: Bearer {token}"
        tokens = "/oauth2/token", "-u", f"{partner.client_id}:{partner.secret}", "-d", "grant_type=client_credentials"
        self.turn = itertools.cycle([calls, tokens])
        super().__init__()

    def make(self):
        answers = self.balancer.curl(20, *next(self.turn))
        assert answers == ["2 200"] * 20, answers


class Connections(Endless):
    """A customer who connects an app without a secret, in a browser; and its refresh tokens, which change at each use."""

    def __init__(self, balancer, node):
        self.balancer, self.partner, self.customer = balancer, Partner(node, "Phone", public=True), customer(balancer, "brian.parent")
        balancer.introduce(self.partner.web)
        super().__init__()

    def make(self):
        tokens = self.partner.connect(self.balancer, self.customer)
        for _ in range(3):
            answer = self.partner.refresh(self.balancer, tokens["refresh_token"])
            assert answer.status_code == 200, answer.text
            tokens = answer.json()
        looked = self.partner.get(self.balancer, "/v1/accounts", tokens["access_token"])
        assert looked.status_code == 200, looked.text


class Bills(Endless):
    """Bills that customers pay in turn, each under a consent of its own: lodged, approved in a browser, paid."""

    def __init__(self, balancer, node):
        self.balancer, self.partner, self.paid = balancer, PayingPartner(node), []
        balancer.introduce(self.partner.web)
        # Many payments from one account in an hour would be held.
        self.turn = itertools.cycle([customer(balancer, name) for name in ("amina.traveler", "chao.digital", "elijah.boomer")])
        super().__init__()

    def make(self):
        consent, token = self.partner.approved(self.balancer, next(self.turn))
        answer = self.partner.pay(self.balancer, consent, token, secrets.token_hex(8))
        assert answer.status_code == 201, answer.text
        self.paid.append(consent)


class Load:
    """All of them at once."""

    def __init__(self, balancer, node):
        partner = Partner(node)
        token, refresh_token = partner.token(node), partner.connect(node, Customer("amina.traveler"))["refresh_token"]
        asked = requests_of(partner, token, refresh_token)
        self.bills = Bills(balancer, node)
        self.parts = [
            self.bills, Connections(balancer, node), Streams(balancer, partner, token),
            *(Calls(balancer, asked[index:] + asked[:index], keeps=index % 3 != 1) for index in range(len(asked)))]

    @property
    def failures(self):
        return [failure for part in self.parts for failure in part.failures]

    def has_gone_on(self, turns):
        """A condition: that each part did this many turns more."""
        reached = [part.made for part in self.parts]
        return lambda: all(part.made >= before + turns for part, before in zip(self.parts, reached))

    def end(self):
        """Prints what was done."""
        made = Counter()
        for part in self.parts:
            part.end()
            made[type(part).__name__] += part.made
        print(f"{dict(made)}, {len(self.failures)} failed", *self.failures[:5], sep="\n")


def customer(balancer, name):
    someone = Customer(name)
    balancer.introduce(someone.browser)
    return someone


def requests_of(partner, token, refresh_token):
    """What a partner with a secret asks: method, path, content and header fields."""
    basic = {"Authorization": "Basic " + base64.b64encode(f"{partner.client_id}:{partner.secret}".encode()).decode()}
    bearer = {"Authorization": f"Bearer {token}"}
    consent = {"type": "account_access", "permissions": ["ReadAccountsBasic"], "expires_at": (datetime.now(timezone.utc) + timedelta(days=30)).isoformat()}
    form = lambda **fields: (urlencode(fields), {**basic, "Content-Type": "application/x-www-form-urlencoded"})
    return [
        ("GET", "/v1/consents", None, bearer),
        ("POST", "/oauth2/token", *form(grant_type="client_credentials")),
        ("POST", "/oauth2/token", *form(grant_type="refresh_token", refresh_token=refresh_token)),
        ("POST", "/v1/consents", json.dumps(consent), {**bearer, "Content-Type": "application/json"}),
        ("POST", "/oauth2/introspect", *form(token=token)),
        ("GET", "/portal/sign-in", None, {}),
    ]
