"""SQLite on a disk that fails, dawdles or is full."""

import os
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import cluster as postgres
import kernel
import pytest
from ledger import Ledger, Lodging
from node import Node
from refusals import assert_reads_go_on, assert_writes_are_refused
from sights import Witness, is_unavailable, recovers, summary

needs_strace = pytest.mark.skipif(not kernel.can_attach(), reason="strace cannot trace a running process here")


@pytest.fixture
def node():
    with Node("sqlite") as running:
        yield running


@pytest.fixture
def witness(node):
    """Ends each test: every promise is kept, also over a kill."""
    someone = Witness(node, Ledger(), timeout=60)
    yield someone
    assert recovers(someone.rotate)
    someone.ledger.ask()
    node.kill()
    node.start()
    someone.ledger.ask()


@needs_strace
def test_a_failing_sync_refuses_writes_and_nothing_else(witness, node):
    witness.web.prepare()
    code, question, payment = witness.waiting_family(witness.web), witness.waiting_question(witness.phone), witness.waiting_payment()

    with kernel.syncs_that_end([node.process.pid], "error=EIO"):
        assert_writes_are_refused(witness, code, question, payment)
        assert_reads_go_on(witness)


@needs_strace
def test_a_kill_while_syncs_fail_leaves_what_was_refused_done_once_or_not_at_all(witness, node):
    """The commit whose sync failed stands in the log until the next write goes over it, so each of them is the last one before its kill."""
    ledger, partner = witness.ledger, witness.web.partner
    lodging = Lodging.of(partner)
    witness.web.prepare()
    # Each with something of its own at stake: what an earlier kill left open is settled by then.
    prepared = {
        "exchange": lambda: partial(witness.exchange, witness.waiting_family(witness.web)),
        "refresh": lambda: witness.rotate,
        "approval": lambda: partial(witness.approve, witness.waiting_question(witness.phone)),
        "lodging": lambda: partial(partner.lodge, witness.web.own_token, lodging.key, lodging.expires_at),
        "payment": lambda: partial(witness.pay, witness.waiting_payment()),
    }

    for what, prepare in prepared.items():
        ask = prepare()
        with kernel.syncs_that_end([node.process.pid], "error=EIO"):
            answer = ask()
            node.kill()
        print(f"  {what:10} {summary(answer)}")
        assert is_unavailable(answer), f"{what}: {summary(answer)}"
        node.start()
        ledger.ask()

    ledger.check_lodging(lodging, witness.web.own_token)
    assert not ledger.broken, ledger.broken[:5]
    print(f"  {dict(ledger.counts)}")


@needs_strace
def test_a_slow_sync_holds_up_writes_only(witness, node):
    code, payment = witness.waiting_family(witness.web), witness.waiting_payment()

    with kernel.syncs_that_end([node.process.pid], "delay_exit=700000"):
        exchange, paid = witness.exchange(code), witness.pay(payment)
        print("  exchange", summary(exchange), "| payment", summary(paid))
        seen = witness.see()

    assert exchange.status == 200 and paid.status == 201
    assert all(answer.status == 200 for answer in seen.values())


@pytest.fixture
def small_disk(request):
    """A file system of its own, of 40 MB unless the test asks for more."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    size = getattr(request, "param", "40m")
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(folder)], capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def fill(folder):
    """Leaves no byte free."""
    with open(folder / "ballast", "ab", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(65536))
        except OSError:
            pass


def exhaust(write, most=500):
    """Writes until there is no room for one more."""
    assert any(is_unavailable(write()) for _ in range(most)), "the disk does not fill"


def test_a_full_disk_refuses_writes_until_there_is_room(small_disk):
    with Node("sqlite", data=small_disk) as node:
        witness = Witness(node, Ledger(), timeout=60)
        witness.web.prepare()
        codes, question = [witness.waiting_family(witness.web) for _ in range(40)], witness.waiting_question(witness.phone)
        payment = witness.waiting_payment()
        fill(small_disk)
        # The log has room left from before. Authorizations fill it, and then smaller and smaller writes.
        exhaust(lambda: witness.approve(witness.waiting_question(witness.web)))
        exhaust(lambda: witness.exchange(codes.pop()))
        exhaust(lambda: witness.pay(witness.waiting_payment()))
        exhaust(witness.rotate)
        code = codes.pop()

        assert_writes_are_refused(witness, code, question, payment)
        assert_reads_go_on(witness)

        (small_disk / "ballast").unlink()
        assert recovers(witness.rotate)
        witness.ledger.ask()
        node.kill()
        node.start()
        witness.ledger.ask()


@pytest.mark.skipif(postgres.binaries() is None, reason="PostgreSQL's server programs are not installed")
@pytest.mark.parametrize("small_disk", ["160m"], indirect=True)
def test_a_full_disk_of_postgresql_refuses_what_must_grow(small_disk):
    cluster = postgres.Cluster(small_disk)
    try:
        with Node("postgres", database=cluster.database("full")) as node:
            witness = Witness(node, Ledger(), timeout=60)
            code = witness.waiting_family(witness.web)
            fill(small_disk)

            exhaust(lambda: witness.pay(witness.waiting_payment()))
            exhaust(lambda: witness.approve(witness.waiting_question(witness.web)))
            assert_reads_go_on(witness)
            print(f"  exchange {summary(witness.exchange(code))}")

            (small_disk / "ballast").unlink()
            assert recovers(witness.rotate)
            witness.ledger.ask()
    finally:
        cluster.remove()
