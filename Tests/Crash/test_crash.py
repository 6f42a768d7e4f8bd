"""A process that is killed at any moment leaves nothing that was promised behind."""

import os

import kills
import pytest
from shared import engines

# Repeats a failure: WEKEZA_CRASH_SEED=… script/test crash
SEED = os.environ.get("WEKEZA_CRASH_SEED") or os.urandom(4).hex()
ROUNDS = 20


@pytest.mark.parametrize("engine", engines())
def test_twenty_kills_break_no_promise(engine):
    ledger = kills.run(engine, ROUNDS, SEED)

    assert not ledger.broken, f"WEKEZA_CRASH_SEED={SEED}\n" + "\n".join(ledger.broken[:20])
    assert not ledger.refusals
    for what in (*kills.TO_MEET, "payments settled"):
        assert ledger.counts[what] > 0, f"the load never met: {what} ({dict(ledger.counts)})"
