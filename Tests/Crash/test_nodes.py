"""One of two nodes stands still for a while, or is killed."""

import threading
import time

import pytest
from kills import KINDS, Kills
from ledger import Ledger
from load import PatientCrowd, goes_on
from node import Node
from shared import engines
from sights import Witness, recovers, summary

on_postgresql = pytest.mark.parametrize("nodes", [engine for engine in engines() if engine == "postgres"], indirect=True)
PAUSE = 5
KILLS = 5


@pytest.fixture(scope="module", params=engines())
def nodes(request):
    with Node(request.param) as first, Node(request.param, beside=first) as second:
        yield first, second


@on_postgresql
def test_the_other_node_serves_while_one_stands_still(nodes):
    """Beside one SQLite file it may stand still with the file's lock: `test_one_file`."""
    first, second = nodes
    ledger = Ledger()
    steady = PatientCrowd(second, ledger, "steady", size=4, timeout=20)
    stopped = PatientCrowd(first, Ledger(), "stopped", size=4, timeout=20, apps=steady.apps)

    def stand_still():
        first.freeze()
        before = ledger.counts["refreshed"]
        time.sleep(PAUSE)
        assert ledger.counts["refreshed"] > before, "the other node stood still too"
        first.thaw()
        goes_on(stopped.ledger, 1)

    steady.run(lambda: stopped.run(stand_still))

    print(f"  beside it {dict(ledger.counts)}, itself {dict(stopped.ledger.counts)}")
    for what, answer in ledger.refusals:
        print(f"  refused beside it: {what} {summary(answer)}")
    for crowd in (steady, stopped):
        crowd.ledger.ask()
    # A row that the still node holds may be refused for the moment, clearly; nobody is left without an answer.
    assert ledger.counts["unanswered"] == 0
    assert not ledger.broken


def test_what_ended_elsewhere_meanwhile_is_refused_by_the_first_answer(nodes):
    """The request waits at the node that stands still; its answer may not come from what the node remembers."""
    first, second = nodes
    witness = Witness(first, Ledger(), timeout=30)
    family = witness.families[witness.web]
    assert witness.web.partner.get("/v1/accounts", family.access).status == 200
    elsewhere = Witness(second, Ledger())
    answers = []

    first.freeze()
    waiting = threading.Thread(target=lambda: answers.append(witness.web.partner.get("/v1/accounts", family.access)))
    waiting.start()
    revocation = elsewhere.web.partner
    revocation.app = witness.web.partner.app
    assert revocation.revoke(family.refresh).status == 200
    time.sleep(PAUSE)
    first.thaw()
    waiting.join(30)

    print("  first answer after standing still", summary(answers[0]))
    assert answers[0].status in (401, 403)
    assert recovers(witness.web.partner.own_token)


@pytest.mark.parametrize("engine", engines())
def test_the_other_node_serves_while_one_is_killed_and_no_promise_is_broken(engine):
    """On PostgreSQL as a machine that goes down, on SQLite as one of two processes beside one file."""
    with Node(engine) as first, Node(engine, beside=first) as second:
        kills = Kills(first, f"one of two/{engine}")
        steady = PatientCrowd(second, Ledger(), "steady", size=4, timeout=20)

        def kill():
            for number in range(KILLS):
                before = steady.ledger.counts["refreshed"]
                kills.round()
                assert steady.ledger.counts["refreshed"] > before, "the other node stood still too"

        steady.run(kill)
        kills.ask_all()
        steady.ledger.ask()

    print(f"  beside it {dict(steady.ledger.counts)}; killed {KILLS} times, {sum(kills.ledger.counts[what] for what in KINDS)} acknowledged")
    for what, answer in steady.ledger.refusals:
        print(f"  refused beside it: {what} {summary(answer)}")
    assert not kills.ledger.broken and not steady.ledger.broken
    assert steady.ledger.counts["unanswered"] == 0
