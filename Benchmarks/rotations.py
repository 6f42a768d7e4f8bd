"""Refresh tokens that change at each use, of apps without a secret."""

import json
import statistics

import wrk
from settings import APPS, FLOWS
from tokens import Tokens
from world import World


class Rotations:
    def __init__(self, product):
        self.tokens = Tokens(World(product, are_public=True))

    def run(self):
        """As many refreshes as a round has of other work that is done once: some for each app, one after the other."""
        turns = [self.turn() for _ in range(max(1, round(FLOWS / APPS)))]
        return wrk.Run(
            sum(turn.finished for turn in turns), sum(turn.seconds for turn in turns), statistics.median(turn.p50 for turn in turns),
            max(turn.p99 for turn in turns))

    def turn(self):
        done = wrk.once(self.tokens.product.address, self.tokens.refreshes(), "body")
        for index, app in enumerate(self.tokens.apps):
            app.refresh_token = json.loads(done.answers[index])["refresh_token"]
        return done
