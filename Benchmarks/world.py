"""Who takes part: a thousand apps with a secret and a grant each, and the five customers of the demo world, signed in."""

import base64
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

import messages
from flows import CALLBACK, SCOPE, Flows
from settings import APPS, ROOT

sys.path.insert(0, str(ROOT / "Tests/Shared"))
from servers import Customer as Visitor, FormParser  # signs in as a browser does

NAMES = ["amina.traveler", "brian.parent", "chao.digital", "diana.student", "elijah.boomer"]


@dataclass
class Customer:
    """Signed in: the cookies of their browser, and the accounts they may share."""

    cookie: str
    accounts: list


@dataclass
class App:
    client_id: str
    basic: str | None
    """None without a secret."""
    customer: Customer
    account: str
    """The one of the customer's that this app is given."""
    refresh_token: str = ""

    def token_request(self, host, fields):
        """With the app's credentials, or with its name where it has none."""
        if self.basic:
            return messages.post(host, "/oauth2/token", fields, {"Authorization": self.basic})
        return messages.post(host, "/oauth2/token", {**fields, "client_id": self.client_id})

    @staticmethod
    def basic_of(client_id, secret):
        """RFC 6749 §2.3.1; neither holds a character that would have to be encoded."""
        return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


class World:
    def __init__(self, product, environment="sandbox", *arguments, apps=APPS, names=NAMES, are_public=False):
        """`arguments`: more of them for `wekeza apps create`. `are_public`: apps without a secret, whose refresh tokens change at each use."""
        self.product, self.environment, self.arguments, self.names, self.are_public = product, environment, arguments, names, are_public
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(self.create, range(apps)))
        self.customers = [self.sign_in(name, made[0]["client_id"]) for name in names]
        self.apps = [self.app(index, printed) for index, printed in enumerate(made)]
        for app, granted in zip(self.apps, Flows(self).run(self.apps)):
            app.refresh_token = granted["refresh_token"]

    def keep_signed_in(self):
        """A session ends when nobody used it for a quarter of an hour, which what is measured before may take."""
        for customer, name in zip(self.customers, self.names):
            customer.cookie = self.sign_in(name, self.apps[0].client_id).cookie

    def create(self, index):
        return self.product.create_app(
            "--name", f"Bench {index}", "--environment", self.environment, "--redirect-uri", CALLBACK,
            *(["--auth-method", "none", "--grant-types", "authorization_code,refresh_token", "--scopes", "openid accounts.read"] if self.are_public else
              ["--auth-method", "client_secret_basic", "--grant-types", "authorization_code,refresh_token,client_credentials",
               "--scopes", "openid accounts.read consents.write"]),
            *self.arguments)

    def app(self, index, printed):
        customer = self.customers[index % len(self.customers)]
        return App(
            client_id=printed["client_id"], basic=None if self.are_public else App.basic_of(printed["client_id"], printed["client_secret"]), customer=customer,
            account=customer.accounts[index // len(self.customers) % len(customer.accounts)])

    def sign_in(self, name, client_id):
        visitor = Visitor(name)
        request = {"response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "scope": SCOPE, "state": "0",
                   "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
        page = visitor.follow(visitor.browser.get(f"{self.product.address}/oauth2/authorize?{urlencode(request)}", allow_redirects=False))
        page = visitor.follow(visitor.submit(page, "password", {"username": visitor.name, "password": visitor.password}))
        parser = FormParser()
        parser.feed(page.text)
        accounts = [value for form in parser.forms for field, value, _ in form["boxes"] if field == "accounts"]
        return Customer("; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.browser.cookies), accounts)
