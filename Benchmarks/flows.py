"""Authorizations from the app's redirect to its tokens, request by request as a browser and a partner's backend send them.

Each of the four requests is a phase of its own: all flows take the first step, then all the second. So each phase's cost shows."""

import base64
import hashlib
import json
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import messages
import wrk

CALLBACK = "https://bench.example/callback"
SCOPE = "openid accounts.read"


def challenge_of(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Flows:
    def __init__(self, world):
        self.product = world.product

    def run(self, apps):
        """One flow for each app. Returns what the token endpoint answered, in the order of the apps."""
        answers = {}
        for _, run in self.phases(apps):
            answers = run().answers
        return [json.loads(answers[index]) for index in range(len(apps))]

    def phases(self, apps):
        """Name and work of each phase, to be done in this order: the next begins with what the one before was answered."""
        verifiers, queries = self.prepared(apps)
        sealed, codes = {}, {}
        return [
            *self.before(apps, queries),
            ("open the request", lambda: self.led([self.opening(app, query) for app, query in zip(apps, queries)], "transaction", sealed)),
            ("show the consent page", lambda: self.once([self.page(app, sealed[index]) for index, app in enumerate(apps)])),
            ("approve", lambda: self.led([self.decision(app, sealed[index]) for index, app in enumerate(apps)], "code", codes)),
            self.exchanging(apps, codes, verifiers),
        ]

    def prepared(self, apps):
        """A verifier for each app, and its request."""
        verifiers = [secrets.token_urlsafe(40) for _ in apps]
        return verifiers, [self.query(app, verifier) for app, verifier in zip(apps, verifiers)]

    def exchanging(self, apps, codes, verifiers):
        return "exchange the code", lambda: self.once([self.exchange(app, codes[index], verifiers[index]) for index, app in enumerate(apps)], "body")

    def before(self, apps, queries):
        """Phases that come first, and may put other queries in place of these."""
        return []

    def once(self, requests, wanted="none"):
        return wrk.once(self.product.address, requests, wanted)

    def led(self, requests, name, found):
        """`found` receives this parameter of each address that a request was led to."""
        run = self.once(requests, "location")
        found.update({index: parse_qs(urlsplit(location).query)[name][0] for index, location in run.answers.items()})
        return run

    def opening(self, app, query):
        return messages.get(self.product.host, f"/oauth2/authorize?{urlencode(query)}", {"Cookie": app.customer.cookie})

    def query(self, app, verifier):
        return {"response_type": "code", "client_id": app.client_id, "redirect_uri": CALLBACK, "scope": SCOPE, "state": secrets.token_urlsafe(16),
                 "nonce": secrets.token_urlsafe(16), "code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}

    def page(self, app, sealed):
        return messages.get(self.product.host, f"/oauth2/authorize/continue?{urlencode({'transaction': sealed})}", {"Cookie": app.customer.cookie})

    def decision(self, app, sealed):
        fields = {"transaction": sealed, "decision": "approve", "accounts": app.account}
        return messages.post(self.product.host, "/oauth2/authorize/decision", fields, {"Cookie": app.customer.cookie, "Origin": self.product.address})

    def exchange(self, app, code, verifier):
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
        return app.token_request(self.product.host, fields)


class Silent(Flows):
    """Sign-ins of customers who told this app before who they are: they are shown no page (`prompt=none`)."""

    def phases(self, apps):
        verifiers, queries = self.prepared(apps)
        codes = {}
        return [
            ("answer without a page", lambda: self.led([self.opening(app, query) for app, query in zip(apps, queries)], "code", codes)),
            self.exchanging(apps, codes, verifiers),
        ]

    def query(self, app, verifier):
        return {**super().query(app, verifier), "scope": "openid", "prompt": "none"}


class Pushed(Flows):
    """The same where the app pushes its request first (RFC 9126)."""

    def before(self, apps, queries):
        def push():
            run = self.once([messages.post(self.product.host, "/oauth2/par", query, {"Authorization": app.basic}) for app, query in zip(apps, queries)], "body")
            queries[:] = [{"client_id": app.client_id, "request_uri": json.loads(run.answers[index])["request_uri"]} for index, app in enumerate(apps)]
            return run

        return [("push the request", push)]
