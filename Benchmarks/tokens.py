"""Requests for tokens and with tokens, drawn evenly over the apps."""

import json

import messages
import wrk


class Tokens:
    def __init__(self, world):
        self.product, self.apps = world.product, world.apps

    def own(self):
        """RFC 6749 §4.4, one request for each app."""
        return [self.token(app, {"grant_type": "client_credentials", "scope": "consents.write"}) for app in self.apps]

    def refreshes(self):
        """RFC 6749 §6. Those of confidential apps stay."""
        return [self.refresh(app) for app in self.apps]

    def balances(self, count):
        """`GET /v1/accounts/{id}/balance`, each with an access token of its own that was made just now: they live five minutes."""
        apps = [self.apps[index % len(self.apps)] for index in range(count)]
        answers = wrk.once(self.product.address, [self.refresh(app) for app in apps], "body").answers
        return [self.balance(app, json.loads(answers[index])["access_token"]) for index, app in enumerate(apps)]

    def introspections(self):
        """RFC 7662 §2.1, one for each app, about an access token that was made just now."""
        answers = wrk.once(self.product.address, self.own(), "body").answers
        return [messages.post(self.product.host, "/oauth2/introspect", {"token": json.loads(answers[index])["access_token"]}, {"Authorization": app.basic})
                for index, app in enumerate(self.apps)]

    def refresh(self, app):
        return self.token(app, {"grant_type": "refresh_token", "refresh_token": app.refresh_token})

    def token(self, app, fields):
        return app.token_request(self.product.host, fields)

    def balance(self, app, token):
        return messages.get(self.product.host, f"/v1/accounts/{app.account}/balance", {"Authorization": f"Bearer {token}"})
