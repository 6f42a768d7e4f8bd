"""What is measured: each operation against its floor, or in its phases, or with and without syncs."""

import random

import messages
import peers
import report
import wrk
from clients import CertifiedApps, KeyedApps
from flows import Flows, Pushed, Silent
from measure import Round, floor_round, product_round
from processes import Floor
from rotations import Rotations
from settings import DISTINCT, FLOWS, ROUNDS, SECONDS
from tokens import Tokens
from world import World


# As many tokens as a node knows for its own (`SignedHere`).
REMEMBERED = 65_536


class Operations:
    def __init__(self, product, world, floor, folder):
        self.product, self.world, self.floor, self.folder = product, world, floor, folder
        self.tokens, self.flows = Tokens(world), Flows(world)

    def client_credentials(self):
        """Tokens for apps themselves."""
        requests = self.tokens.own()
        self.against("client-credentials token", lambda: self.draw(requests), "form body, one ES256 signature", self.signatures())

    def signatures(self, path="/signature"):
        return [messages.post("localhost", path, {"grant_type": "client_credentials", "scope": "consents.write"}, {"Authorization": app.basic})
                for app in self.world.apps]

    def assertions(self):
        """Tokens for apps themselves by `private_key_jwt`; then the same with a DPoP proof."""
        keyed = KeyedApps(self.product, self.folder)
        self.against("the same by `private_key_jwt`", self.once, "form body, one ES256 signature", self.signatures(), lambda: keyed.tokens(DISTINCT))
        self.against(
            "the same by `private_key_jwt` with a DPoP proof", self.once, "form body, two ES256 verifications, one signature", self.signatures("/verified"),
            lambda: keyed.tokens(DISTINCT, proven=True))

    def certificates(self):
        """Tokens for apps themselves over mutual TLS, bound to the certificate."""
        certified = CertifiedApps(self.product, self.folder)
        presenting = wrk.presenting(certified.certificate, certified.key)
        for title, headers in [("connections kept", {}), ("a new connection for each", {"Connection": "close"})]:
            requests = certified.tokens(headers)
            report.row(f"the same by mutual TLS, {title}", [
                product_round(self.product, "mutual TLS", lambda: wrk.draw(f"https://{self.product.tls_host}", requests, SECONDS, presenting))
                for _ in range(ROUNDS)])

    def introspection(self):
        """RFC 7662, each app about a token of its own that lives."""
        self.against("introspection", self.draw, "constant answer", [messages.get("localhost", "/constant")], self.tokens.introspections)

    def balance(self):
        """The gateway with tokens it has seen: one for each app, made anew for each round."""
        def prepare():
            requests = self.tokens.balances(len(self.world.apps))
            wrk.once(self.product.address, requests)
            return requests
        self.against("`GET /v1/accounts/{id}/balance`", self.draw, "constant answer", [messages.get("localhost", "/constant")], prepare)

    def balance_first_seen(self):
        """The gateway with tokens of which it has seen none: each is used once. It remembers what it signed lately; then it is made to forget, so that it
        checks every signature, as of another node's tokens."""
        def forgotten():
            requests, own = self.tokens.balances(DISTINCT), self.tokens.own()
            self.once((own * (REMEMBERED // len(own) + 1))[:REMEMBERED])
            return requests
        with peers.verifying(self.product, self.floor, self.tokens.balances(1)[0], self.folder) as peer:
            for title, prepare in [("", lambda: self.tokens.balances(DISTINCT)), (", signed by another node", forgotten)]:
                self.against(
                    f"the same, {DISTINCT:,} tokens each first seen{title}", self.once, "constant answer", [messages.get("localhost", "/constant")], prepare,
                    peer=peer)

    def proxy(self):
        """The gateway in front of a bank that speaks HTTP, beside a plain proxy to the same bank."""
        live = Tokens(World(self.product, "live"))
        def prepare():
            requests = live.balances(len(live.apps))
            wrk.once(self.product.address, requests)
            return requests
        plain = Floor(self.floor.address)
        try:
            self.against("the gateway in front of a bank over HTTP", self.draw, "plain proxy to the same bank", [
                messages.get("localhost", f"/v1/accounts/{app.account}/balance", {"Authorization": "Bearer " + "x" * 700}) for app in live.apps], prepare, plain)
        finally:
            plain.stop()

    def refresh(self):
        requests = self.tokens.refreshes()
        self.draw(requests, 1)
        report.row("refresh", [product_round(self.product, "refresh", lambda: self.draw(requests)) for _ in range(ROUNDS)])

    def rotating(self):
        """Apps without a secret: each refresh is written."""
        rotations = Rotations(self.product)
        report.row("refresh, the token changes", [product_round(self.product, "rotation", rotations.run) for _ in range(ROUNDS)])

    def authorize(self):
        """From the app's redirect to its tokens; the customer is signed in and sees the page."""
        self.authorizations("authorize + exchange", self.flows)

    def silent(self):
        """A customer who told the app before who they are signs in again (`prompt=none`)."""
        self.authorizations("sign in again", Silent(self.world))

    def pushed(self):
        """The same from a pushed request (RFC 9126)."""
        self.authorizations("push + authorize + exchange", Pushed(self.world))

    def authorizations(self, title, flows):
        phases = {}
        for _ in range(ROUNDS):
            for name, work in flows.phases(self.drawn_apps()):
                phases.setdefault(name, []).append(product_round(self.product, name, work))
        report.row(title, [together(rounds) for rounds in zip(*phases.values())])
        for name, rounds in phases.items():
            report.row(f"– {name}", rounds)

    def durability(self):
        """The operations that write, with every sync and without any, in turn."""
        durable, free, rotations = {}, {}, Rotations(self.product)
        for _ in range(ROUNDS):
            self.writing_round(durable, rotations)
            with self.product.database.syncs.skipped():
                self.writing_round(free, rotations)
        for name, rounds in durable.items():
            report.row(f"{name}, durable", rounds, free[name])
            report.against_row("the same without syncs", free[name])

    def writing_round(self, results, rotations):
        results.setdefault("refresh, the token changes", []).append(product_round(self.product, "rotation", rotations.run))
        for name, work in self.flows.phases(self.drawn_apps()):
            done = product_round(self.product, name, work)
            if name in ("approve", "exchange the code"):
                results.setdefault(name, []).append(done)

    def against(self, title, work, floor_title, floor_requests, prepare=None, floor=None, peer=None):
        """Product and floor take turns, so that what disturbs one disturbs the other. The peer is sent what the product was sent, each once."""
        floor = floor or self.floor
        rounds, floor_rounds, peer_rounds = [], [], []
        for turn in range(ROUNDS + 1):
            prepared = [prepare()] if prepare else []
            done = product_round(self.product, title, lambda: work(*prepared))
            peer_done = [floor_round(peer, lambda: wrk.once(peer.address, *prepared))] if peer else []
            floor_done = floor_round(floor, lambda: wrk.draw(floor.address, floor_requests))
            if turn > 0:  # the first is for caches and branch predictors
                rounds.append(done)
                peer_rounds += peer_done
                floor_rounds.append(floor_done)
        report.row(title, rounds, floor_rounds)
        report.against_row(floor_title, floor_rounds)
        if peer:
            report.peer_row(peer.title, peer_rounds, floor_rounds, rounds)

    def drawn_apps(self):
        self.world.keep_signed_in()
        return random.choices(self.world.apps, k=FLOWS)

    def draw(self, requests, *seconds):
        return wrk.draw(self.product.address, requests, *seconds)

    def once(self, requests):
        return wrk.once(self.product.address, requests)


def together(phases):
    """One authorization as the sum of its phases."""
    total = lambda name: sum(getattr(one, name) for one in phases)
    return Round(
        1 / sum(1 / one.rate for one in phases), total("p50"), total("p99"), phases[0].finished, total("processor"), total("database_processor"),
        total("statements"), total("writing"), total("commits"), total("syncs"), total("written"))


# In the order in which they are measured; arguments of `script/bench` choose among them.
ALL = {
    "tokens": Operations.client_credentials, "balance": Operations.balance, "first-seen": Operations.balance_first_seen, "proxy": Operations.proxy,
    "refresh": Operations.refresh, "rotating": Operations.rotating, "authorize": Operations.authorize, "silent": Operations.silent,
    "assertions": Operations.assertions, "certificates": Operations.certificates,
    "introspection": Operations.introspection, "pushed": Operations.pushed, "durability": Operations.durability,
}
