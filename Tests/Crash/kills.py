"""kill -9 at random moments under load; after each restart every promise is asked for."""

import random
import time

import requests
from ledger import Ledger
from load import Crowd, each
from node import Node
from payments import Payments


KINDS = ["approved", "exchanged", "refreshed", "revoked", "withdrawn", "lodged", "paid"]
TO_MEET = [*KINDS, "unanswered", "codes replayed", "families alive", "payments found"]
"""What the rounds have to have met, or they show little."""


class Kills:
    """One node, killed and started again."""

    def __init__(self, node, seed, longest=0.8):
        self.node, self.random, self.longest = node, random.Random(seed), longest
        self.ledger = Ledger()
        self.crowd = Crowd(node, self.ledger, seed)
        self.keys = self.published_keys()
        self.payments = Payments(self.ledger)
        self.settled = self.lodged = self.paid = 0

    def published_keys(self):
        return requests.get(f"{self.node.address}/oauth2/jwks", timeout=30).json()

    def round(self):
        """Load, the kill, a start, and the questions.
        - Returns: the moment of the kill in seconds after the load began, and how long the start took."""
        moment = self.random.uniform(0.02, self.longest)
        self.crowd.purse.fill(100)
        self.crowd.run(lambda: (time.sleep(moment), self.node.kill()))
        started = time.monotonic()
        self.node.start()
        took = time.monotonic() - started
        self.ledger.expect(self.published_keys() == self.keys, "the signing keys are the ones of before")
        self.ask()
        return moment, took

    def ask(self):
        """Everything since the last round."""
        families, lodgings = self.ledger.families[self.settled:], self.ledger.lodgings[self.lodged:]
        self.settled, self.lodged = len(self.ledger.families), len(self.ledger.lodgings)
        each(families, self.ledger.settle)
        each(families, self.ledger.check)
        each([family for family in families if family.state == "live" and self.random.random() < 0.5], self.ledger.replay)
        self.ask_for(lodgings)
        payments, self.paid = self.ledger.payments[self.paid:], len(self.ledger.payments)
        self.payments.settle(payments)

    def ask_for(self, lodgings):
        if lodgings:
            token = lodgings[0].partner.own_token().json["access_token"]
            each(lodgings, lambda lodging: self.ledger.check_lodging(lodging, token))

    def ask_all(self):
        """Everything since the beginning, once more. A chain of a public app is a minute old by now, so only its latest token is asked for."""
        families = [family for family in self.ledger.families if family.refresh]
        each([family for family in families if family.state == "ended"], self.ledger.check_ended)
        each([family for family in families if family.state == "live"], self.ledger.check_refresh)
        self.ask_for(self.ledger.lodgings)
        self.payments.ask_all()


def run(engine, rounds, seed, report=print):
    """So many kills; where a slow machine gets too little done between them, more, up to three times as many, until it has met everything.
    - Returns: the ledger, whose `broken` is empty when every promise was kept."""
    with Node(engine) as node:
        kills = Kills(node, f"{seed}/{engine}")
        starts = []
        for number in range(1, 3 * rounds + 1):
            if number > rounds and all(kills.ledger.counts[what] for what in TO_MEET):
                break
            moment, took = kills.round()
            starts.append(took)
            if kills.ledger.broken:
                report(f"{engine}: round {number}, killed {moment:.3f} s after the load began (seed {seed})")
                break
            if number % 20 == 0:
                report(f"{engine}: {number} kills; {sum(kills.ledger.counts[what] for what in KINDS)} acknowledged")
        if not kills.ledger.broken:
            kills.ask_all()
        report(f"{engine}: ready again after {sum(starts) / len(starts):.2f} s, {max(starts):.2f} s at most")
        return kills.ledger
