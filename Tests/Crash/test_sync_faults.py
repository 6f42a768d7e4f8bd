"""PostgreSQL on a disk whose syncs dawdle or fail."""

import cluster as postgres
import kernel
import pytest
from ledger import Ledger
from load import PatientCrowd, goes_on
from node import Node
from refusals import READS, assert_all_is_refused_clearly
from shared import eventually
from sights import Witness, recovers, summary

pytestmark = [
    pytest.mark.skipif(postgres.binaries() is None, reason="PostgreSQL's server programs are not installed"),
    pytest.mark.skipif(not kernel.can_attach(), reason="strace cannot trace a running process here"),
]
DELAY = 0.7
SLOW = f"delay_exit={int(DELAY * 1_000_000)}"


@pytest.fixture(scope="module")
def cluster():
    # Whoever begins a new segment of the log waits for the syncs that make it besides its own: here one is enough for all.
    with postgres.Cluster(initdb=["--wal-segsize=64"]) as running:
        yield running


@pytest.fixture(scope="module")
def node(cluster):
    with Node("postgres", database=cluster.database("syncs")) as running:
        yield running


@pytest.fixture
def witness(node):
    """Ends each test: everything works again without a restart of the node, and every promise is kept."""
    someone, process = Witness(node, Ledger(), timeout=30), node.process.pid
    yield someone
    assert recovers(lambda: someone.look("/readyz", f"http://127.0.0.1:{node.ops_port}"))
    assert recovers(someone.rotate)
    someone.ledger.ask()
    assert node.process.pid == process and node.is_running


def fastest(witness):
    """- Returns: in how many seconds each read is answered at its best."""
    rounds = [witness.see(say=lambda line: None, only=READS) for _ in range(3)]
    return {what: min(seen[what].seconds for seen in rounds) for what in READS}


def test_slow_syncs_hold_up_writes_only(witness, cluster):
    code, payment, before = witness.waiting_family(witness.web), witness.waiting_payment(), fastest(witness)

    with kernel.syncs_that_end(cluster.processes, SLOW):
        writes = {"exchange": witness.exchange(code), "refresh of a public app": witness.rotate(), "payment": witness.pay(payment)}
        for what, answer in writes.items():
            print(f"  {what:28} {answer.seconds if answer else 0:5.2f} s  {summary(answer)}")
        seen, meanwhile = witness.see(), fastest(witness)

    assert [answer.status for answer in writes.values()] == [200, 200, 201]
    assert all(answer.seconds >= DELAY for answer in writes.values()), "a write did not wait for its sync"
    assert all(answer.status == 200 for answer in seen.values())
    assert all(meanwhile[what] < before[what] + DELAY for what in READS), f"a read waited for a sync: {before}, {meanwhile}"


def crowd_of(witness, node, name):
    return PatientCrowd(node, witness.ledger, name, size=4, timeout=30, apps=witness.crowd.apps)


def test_slow_syncs_under_load_refuse_nothing(witness, node, cluster):
    ledger, crowd = witness.ledger, crowd_of(witness, node, "slow")

    def dawdle():
        with kernel.syncs_that_end(cluster.processes, SLOW):
            goes_on(ledger, 10)

    crowd.run(dawdle)

    print(f"  {dict(ledger.counts)}, longest waits {ledger.longest}")
    assert max(ledger.longest.values()) >= DELAY
    assert ledger.counts["refused"] == ledger.counts["unanswered"] == 0


def panics(cluster):
    """How often a process of PostgreSQL ended itself and all others rather than trust what it had written."""
    return (cluster.folder / "log").read_text().count("PANIC:")


def test_after_a_sync_that_failed_postgresql_and_the_node_are_back_by_themselves(witness, node, cluster):
    """Nobody traces the postmaster, so those that it starts anew find a disk that works."""
    ledger, crowd = witness.ledger, crowd_of(witness, node, "failing")
    before = panics(cluster)

    def fail():
        with kernel.syncs_that_end(cluster.processes[1:], "error=EIO"):
            assert eventually(lambda: panics(cluster) > before), "no sync failed"
        goes_on(ledger, 20)

    crowd.run(fail)

    print(f"  {dict(ledger.counts)}, longest waits {ledger.longest}")
    assert ledger.counts["unanswered"] == 0


def come_back(cluster):
    """PostgreSQL gives up when it fails while it recovers; whoever looks after it starts it again then.
    - Returns: whether it gave up."""
    is_there = (cluster.data / "postmaster.pid").exists
    assert eventually(lambda: not is_there() or cluster.is_ready(), 60)
    gave_up = not is_there()
    if gave_up:
        cluster.start()
    return gave_up


def test_while_syncs_fail_all_that_needs_the_database_is_refused_and_the_node_recovers(witness, node, cluster):
    ledger, crowd = witness.ledger, crowd_of(witness, node, "broken")
    before = panics(cluster)
    seen = []

    def fail():
        with kernel.syncs_that_end(cluster.processes, "error=EIO"):
            assert eventually(lambda: panics(cluster) > before), "no sync failed"
            assert_all_is_refused_clearly(witness)
            assert eventually(lambda: panics(cluster) > before + 1, 60), "it does not try to come back"
        seen.append(come_back(cluster))
        goes_on(ledger, 20)

    crowd.run(fail)

    print(f"  PostgreSQL {'gave up and was started again' if seen[0] else 'came back by itself'} after {panics(cluster) - before} failures")
    print(f"  {dict(ledger.counts)}, longest waits {ledger.longest}")
    assert ledger.counts["unanswered"] == 0
