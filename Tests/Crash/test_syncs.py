"""What was acknowledged survives a power cut at the worst moment."""

import cluster
import kernel
import pytest
import syncs
from kills import KINDS

pytestmark = pytest.mark.skipif(not kernel.is_available(), reason="strace cannot trace a process here")
needs_postgres = pytest.mark.skipif(cluster.binaries() is None, reason="PostgreSQL's server programs are not installed")


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    with syncs.SQLite.open(tmp_path_factory.mktemp("trace")) as engine:
        yield engine.record(seconds=3)


@pytest.fixture(scope="module")
def postgres():
    with syncs.Postgres.open() as engine:
        yield engine.record(seconds=3)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def recorded(request):
    return request.getfixturevalue(request.param)


def test_no_acknowledgement_leaves_before_the_sync_that_covers_it(recorded):
    verdict = recorded.verdict()

    print(f"  {verdict.kept} acknowledgements over {verdict.syncs} syncs; {verdict.cuts} power cuts, at {dict(verdict.kinds)}")
    assert not verdict.broken, verdict.broken[:5]
    assert not verdict.unseen
    assert set(verdict.kinds) == set(KINDS)
    assert verdict.kept == len(recorded.promises) and verdict.syncs > 0


def test_the_play_notices_a_missing_sync(recorded):
    verdict = recorded.without_later_syncs().verdict()

    assert verdict.broken


@needs_postgres
def test_a_postgresql_that_is_told_not_to_wait_waits_for_what_is_acknowledged():
    """By itself it would write and sync all the same, up to 0.6 s later."""
    with syncs.Postgres.open() as engine:
        recorded = engine.record(2, "synchronous_commit=off")
        verdict = recorded.verdict()

    assert not verdict.broken, verdict.broken[:5]
    assert verdict.kept == len(recorded.promises) and verdict.syncs > 0
