"""What was acknowledged survives a power cut at the worst moment."""

import kernel
import power
import pytest
import syncs

pytestmark = pytest.mark.skipif(not kernel.is_available(), reason="strace cannot trace a process here")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return syncs.record(tmp_path_factory.mktemp("trace"), seconds=3)


def test_no_acknowledgement_leaves_before_the_sync_that_covers_it(recorded):
    database, calls, promises = recorded

    verdict = power.play(database, calls, promises)

    assert not verdict.broken, verdict.broken[:5]
    assert not verdict.unseen
    assert {promise.kind for promise in promises} == {"approved", "exchanged", "refreshed", "revoked", "withdrawn", "lodged", "paid"}
    assert verdict.kept == len(promises) and verdict.syncs > 0


def test_the_play_notices_a_missing_sync(recorded):
    """The same calls as if the kernel had taken no sync of the log after the first half."""
    database, calls, promises = recorded
    half = len(calls) // 2
    without = [call for number, call in enumerate(calls) if number < half or call.name not in ("fdatasync", "fsync")]

    verdict = power.play(database, without, promises)

    assert verdict.broken
