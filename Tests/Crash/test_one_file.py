"""One of two processes beside one SQLite file stands still, also inside a write: it keeps the file's lock for as long."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from ledger import Ledger
from load import PatientCrowd, goes_on
from node import Node
from refusals import READS, assert_reads_go_on, assert_writes_are_refused, at_once
from sights import Witness, is_unavailable, recovers, summary
from standstill import is_writing, standstill, standstill_inside_a_write

TIMES, SHORT, LONG = 20, 0.3, 5
# Seconds. A writer waits four for the lock, also behind others who wait for it; a read does not wait for it.
PATIENCE, QUICK = 7, 3


@pytest.fixture(scope="module")
def nodes():
    with Node("sqlite") as first, Node("sqlite", beside=first) as second:
        yield first, second


def test_beside_one_inside_a_write_reads_go_on_and_writes_are_refused(nodes):
    """One request of each kind, the reads while the writes wait."""
    first, second = nodes
    witness = Witness(second, Ledger(), timeout=30)
    witness.web.prepare()
    code, question, payment = witness.waiting_family(witness.web), witness.waiting_question(witness.phone), witness.waiting_payment()
    stopped = PatientCrowd(first, Ledger(), "stopped", size=4, timeout=60, apps=witness.crowd.apps)

    def stand_still():
        with standstill_inside_a_write(first), ThreadPoolExecutor(1) as pool:
            refused = pool.submit(assert_writes_are_refused, witness, code, question, payment, at_once)
            seen = assert_reads_go_on(witness)
            assert refused.result() < PATIENCE
        assert all(seen[what].seconds < QUICK for what in READS)
        assert seen["API"].status == 200 or is_unavailable(seen["API"])
        assert recovers(witness.rotate)
        goes_on(stopped.ledger, 5)

    stopped.run(stand_still)

    print(f"  itself {dict(stopped.ledger.counts)}")
    for ledger in (witness.ledger, stopped.ledger):
        ledger.ask()
    assert stopped.ledger.counts["unanswered"] == 0


@contextmanager
def watched(witness):
    """- Returns: what is read until the end, one round after another."""
    rounds, going = [], threading.Event()
    going.set()

    def look():
        while going.is_set():
            rounds.append(witness.see(say=lambda line: None, only=READS))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield rounds
        finally:
            going.clear()
        looking.result()


def stand_again_and_again(first, ledgers):
    """For moments anywhere, and once for longer than a writer waits, inside a write.
    - Returns: how many of the moments were inside a write."""
    chance, inside = random.Random("stands"), 0
    for _ in range(TIMES):
        time.sleep(chance.uniform(0.02, 0.2))
        with standstill(first):
            time.sleep(SHORT)
            inside += is_writing(first)
    with standstill_inside_a_write(first):
        time.sleep(LONG)
    for ledger in ledgers:
        goes_on(ledger, 10)
    return inside


def test_beside_one_that_stands_still_under_load_nobody_is_left_without_an_answer(nodes):
    first, second = nodes
    witness = Witness(second, Ledger(), timeout=30)
    beside = PatientCrowd(second, Ledger(), "beside", size=4, timeout=30, apps=witness.crowd.apps)
    itself = PatientCrowd(first, Ledger(), "itself", size=4, timeout=30, apps=witness.crowd.apps)
    inside = []

    with watched(witness) as rounds:
        beside.run(lambda: itself.run(lambda: inside.append(stand_again_and_again(first, (beside.ledger, itself.ledger)))))

    print(f"  stood still {TIMES} times for {SHORT} s, {inside[0]} of them inside a write, and once for {LONG} s inside a write")
    for name, crowd in (("beside it", beside), ("itself", itself)):
        print(f"  {name} {dict(crowd.ledger.counts)}, longest waits {crowd.ledger.longest}")
        print("  refused:", dict(Counter(f"{what} {summary(answer)}" for what, answer in crowd.ledger.refusals)))
    slowest = {what: max(seen[what].seconds for seen in rounds if seen[what]) for what in READS}
    print(f"  {len(rounds)} rounds of reads beside it, the slowest", ", ".join(f"{what} {seconds:.2f} s" for what, seconds in slowest.items()))
    for seen in rounds:
        for what in READS:
            assert seen[what] is not None and seen[what].status == 200, f"{what}: {summary(seen[what])}"
    assert max(slowest.values()) < QUICK
    for crowd in (witness.crowd, beside, itself):
        assert crowd.ledger.counts["unanswered"] == 0
        crowd.ledger.ask()
