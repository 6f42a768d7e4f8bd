"""A start that is interrupted again and again leaves nothing half done."""

import os
import random
import time

import pytest
from ledger import Ledger
from load import CUSTOMERS
from node import Node
from shared import engines
from sights import Witness
from wire import Approver, Partner

SEED = os.environ.get("WEKEZA_CRASH_SEED") or os.urandom(4).hex()


def accounts_offered(node, app):
    """How many accounts each customer of the demo world finds on the consent page: a half-made or twice-made world shows here."""
    offered = {}
    for name in CUSTOMERS:
        question = Approver(node, name).question(Partner(node, app))
        assert question.approve().status == 303
        offered[name] = question.offered
    return offered


@pytest.mark.parametrize("engine", engines())
def test_ten_kills_in_the_first_second_of_a_start_and_then_a_clean_one(engine):
    chance = random.Random(f"{SEED}/{engine}")
    print(f"  WEKEZA_CRASH_SEED={SEED}")
    with Node("sqlite") as untouched, Node(engine, start=False) as node:
        for _ in range(10):
            node.launch()
            time.sleep(chance.uniform(0, 1))
            node.kill()

        node.start()

        witness = Witness(node, Ledger())
        expected = Witness(untouched, Ledger())
        assert accounts_offered(node, witness.web.partner.app) == accounts_offered(untouched, expected.web.partner.app)
        demo = Partner(node, {"client_id": "acme-budget", "client_secret": node.demo_secret})
        assert demo.own_token().status == 200
        assert witness.see()["/readyz"].status == 200
        witness.ledger.ask()
