"""A PostgreSQL that dies, hangs, dawdles or starts again: who is refused is told so, what was promised holds, and nobody has to help."""

from concurrent.futures import ThreadPoolExecutor

import cluster as postgres
import pytest
from ledger import Ledger
from load import PatientCrowd, goes_on
from node import Node
from promises import digest
from proxy import FaultProxy
from refusals import assert_all_is_refused_clearly
from sights import Witness, is_unavailable, recovers, summary

# As a message of its own: isolation levels have the word in their names.
COMMIT = b"COMMIT\0"

pytestmark = pytest.mark.skipif(postgres.binaries() is None, reason="PostgreSQL's server programs are not installed")


@pytest.fixture(scope="module")
def cluster():
    running = postgres.Cluster()
    yield running
    running.remove()


@pytest.fixture(scope="module")
def proxy(cluster):
    between = FaultProxy(cluster.port)
    yield between
    between.remove()


@pytest.fixture(scope="module")
def node(cluster, proxy):
    database = cluster.database("faults").replace(f":{cluster.port}/", f":{proxy.port}/")
    with Node("postgres", database=database) as running:
        yield running


@pytest.fixture
def witness(node, proxy):
    """Ends each test: once all is well again everything works without a restart, and every promise is kept."""
    someone = Witness(node, Ledger(), timeout=20)
    yield someone
    proxy.heal()
    process = node.process.pid
    assert recovers(lambda: someone.look("/readyz", f"http://127.0.0.1:{node.ops_port}"))
    assert recovers(someone.web.partner.own_token)
    someone.ledger.ask()
    assert node.process.pid == process and node.process.poll() is None


def test_a_dead_database_is_answered_with_503(witness, proxy):
    code, question, payment = witness.waiting_family(witness.web), witness.waiting_question(witness.phone), witness.waiting_payment()

    proxy.cut()

    assert_all_is_refused_clearly(witness)
    exchange, approval, paid = witness.exchange(code), witness.approve(question), witness.pay(payment)
    print("  exchange", summary(exchange), "| approval", summary(approval), "| payment", summary(paid))
    for answer in (exchange, paid):
        assert is_unavailable(answer) and answer.says == "temporarily_unavailable"
    assert is_unavailable(approval)


def test_a_database_behind_a_black_hole_is_answered_with_503(witness, proxy):
    code, payment = witness.waiting_family(witness.web), witness.waiting_payment()

    proxy.hole()

    assert_all_is_refused_clearly(witness)
    assert is_unavailable(witness.exchange(code))
    assert is_unavailable(witness.pay(payment))


def test_a_hanging_database_is_answered_with_503(witness, cluster):
    code = witness.waiting_family(witness.web)

    cluster.freeze()
    try:
        assert_all_is_refused_clearly(witness)
        assert is_unavailable(witness.exchange(code))
    finally:
        cluster.thaw()


def test_a_slow_database_is_slow_and_right(witness, proxy):
    proxy.delay(0.1)

    seen = witness.see()
    exchange = witness.exchange(witness.waiting_family(witness.web))

    assert all(answer.status == 200 for answer in seen.values())
    assert exchange.status == 200


def test_a_database_that_is_too_slow_is_answered_with_503(witness, proxy):
    code = witness.waiting_family(witness.web)

    proxy.delay(6)

    answer = witness.exchange(code)
    print("  exchange", summary(answer))
    assert is_unavailable(answer)
    assert witness.look("/.well-known/openid-configuration").status == 200


def stop_and_start(cluster, ledger):
    cluster.stop("immediate")
    cluster.start()
    goes_on(ledger, 20)


def stop_in_order_and_start(cluster, ledger):
    """As for an upgrade of the database: sessions are ended with a word, and nothing has to be recovered."""
    cluster.stop("fast")
    cluster.start()
    goes_on(ledger, 20)


def reset_ten_times(cluster, ledger):
    """Each time the server is back within moments, without what no sync had covered."""
    for _ in range(10):
        cluster.reset()
        goes_on(ledger, 5)


def test_a_standby_is_not_taken_for_the_database(witness, cluster):
    """As behind an address that leads to the wrong server after a failover: it would answer reads with what was so a while ago."""
    code, payment = witness.waiting_family(witness.web), witness.waiting_payment()

    cluster.stop("fast")
    (cluster.data / "standby.signal").touch()
    cluster.start()
    try:
        assert cluster.ask("SELECT pg_is_in_recovery()") == ["t"]
        assert_all_is_refused_clearly(witness)
        assert is_unavailable(witness.exchange(code))
        assert is_unavailable(witness.pay(payment))
    finally:
        cluster.run("pg_ctl", "-D", str(cluster.data), "-w", "promote")


@pytest.mark.parametrize("crash", [stop_and_start, stop_in_order_and_start, reset_ten_times])
def test_a_database_that_goes_down_is_back_under_load(witness, node, cluster, crash):
    ledger = witness.ledger
    crowd = PatientCrowd(node, ledger, crash.__name__, size=4, timeout=20, apps=witness.crowd.apps)

    crowd.run(lambda: crash(cluster, ledger))

    print(f"  refused with 503: {ledger.counts['refused']}, unanswered: {ledger.counts['unanswered']}, {dict(ledger.counts)}")
    assert not ledger.broken, ledger.broken[:5]
    assert ledger.counts["unanswered"] == 0


def test_a_commit_whose_answer_is_lost_is_not_called_a_success(witness, proxy):
    phone = witness.families[witness.phone]
    token = phone.refresh

    proxy.lose_answer_to(token.split("_")[3].encode(), COMMIT)
    refused = witness.phone.partner.refresh(token)
    again = witness.phone.partner.refresh(token)

    print("  refresh", summary(refused), "| again", summary(again))
    assert is_unavailable(refused) and refused.says == "temporarily_unavailable"
    assert again.status == 200
    witness.ledger.succeeded(phone, token, again.json["refresh_token"])


def test_nobody_waits_behind_a_write_whose_connection_falls_silent(witness, proxy):
    phone, code = witness.families[witness.phone], witness.waiting_family(witness.web)
    token = phone.refresh

    proxy.silence_behind(token.split("_")[3].encode(), COMMIT)
    with ThreadPoolExecutor(max_workers=1) as pool:
        held = pool.submit(witness.phone.partner.refresh, token)
        assert proxy.hears()
        exchanged = witness.exchange(code)
        is_held = not held.done()
        held = held.result()
    again = witness.phone.partner.refresh(token)

    print("  held up", summary(held), "| meanwhile", summary(exchanged), "| again", summary(again))
    assert is_held and exchanged.status == 200
    assert is_unavailable(held) and held.says == "temporarily_unavailable"
    assert again.status == 200
    witness.ledger.succeeded(phone, token, again.json["refresh_token"])


def test_nobody_waits_behind_a_read_whose_connection_falls_silent(witness, proxy):
    code, other = witness.waiting_family(witness.web), witness.waiting_family(witness.web)

    proxy.silence_behind(digest(code.code).encode())
    with ThreadPoolExecutor(max_workers=1) as pool:
        held = pool.submit(witness.exchange, code)
        assert proxy.hears()
        exchanged = witness.exchange(other)
        is_held = not held.done()
        held = held.result()

    print("  held up", summary(held), "| meanwhile", summary(exchanged))
    assert is_held and exchanged.status == 200
    assert is_unavailable(held) and held.says == "temporarily_unavailable"


def test_a_connection_that_is_lost_under_a_read_is_not_noticed(witness, proxy):
    code = witness.waiting_family(witness.web)

    proxy.lose_answer_to(digest(code.code).encode())
    answer = witness.exchange(code)

    assert answer.status == 200


@pytest.mark.parametrize("words, reason", [((b"Bill 77", COMMIT), "interrupted"), ((b"largest_before", COMMIT), None)])
def test_a_payment_whose_commit_is_answered_by_nothing_is_made_once(witness, proxy, words, reason):
    """Of the first transaction, which takes it, and of the second, which decides it and keeps the answer."""
    payment = witness.waiting_payment()

    proxy.lose_answer_to(*words)
    refused = witness.pay(payment)
    again = witness.pay(payment)

    print("  payment", summary(refused), "| again", summary(again))
    assert is_unavailable(refused) and refused.says == "temporarily_unavailable"
    assert again.status == 201
    # What was taken and not decided is looked at by a person; what was decided is told as it was.
    assert (again.json["status_reason"] == reason) if reason else again.is_replay
