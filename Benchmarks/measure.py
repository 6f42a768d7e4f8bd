"""One round of an operation: what the load generator saw, and what it cost the server and the disk."""

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from processes import Process
from profiling import recording
from wrk import Run

# Decision records are written in groups, and what a round left waiting belongs to it.
SETTLING = 0.4


@dataclass
class Round:
    """Costs per unit of work: processor time in microseconds, the rest in pieces."""

    rate: float
    p50: float
    p99: float
    finished: int
    processor: float
    database_processor: float = 0
    statements: float = 0
    writing: float = 0
    commits: float = 0
    syncs: float = 0
    written: float = 0


def product_round(product, title, work):
    before = product.reading()
    with recording(product.pid, title):
        run = work()
        time.sleep(SETTLING)
    used = product.reading() - before
    units = run.finished
    return Round(
        run.rate, run.p50, run.p99, units, used.processor / units * 1e6, used.database_processor / units * 1e6, used.statements / units,
        used.writing / units, used.commits / units, used.syncs / units, max(0, used.written) / units)  # the log ends within a page


def floor_round(floor: Process, work):
    before = floor.processor_seconds()
    run: Run = work()
    return Round(run.rate, run.p50, run.p99, run.finished, (floor.processor_seconds() - before) / run.finished * 1e6)


def median(rounds, name):
    return statistics.median(getattr(one, name) for one in rounds)


def background(product, seconds=5):
    """What the product does each second without any request."""
    before = product.reading()
    time.sleep(seconds)
    return product.reading() - before, seconds


def single_syncs(folder, seconds=2):
    """How often in a second the disk takes one page and promises to keep it: the rate of a single writer without groups."""
    path = Path(folder) / "single"
    count, started = 0, time.monotonic()
    with open(path, "wb", buffering=0) as file:
        while time.monotonic() - started < seconds:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    return count / seconds


def signatures():
    """How many ES256 signatures a core makes in a second, and how many it checks: how quick the machine is at this minute, whatever the system costs it."""
    key, digest, algorithm = ec.generate_private_key(ec.SECP256R1()), bytes(32), ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    signature, public = key.sign(digest, algorithm), key.public_key()
    return per_processor_second(lambda: key.sign(digest, algorithm)), per_processor_second(lambda: public.verify(signature, digest, algorithm))


def per_processor_second(work):
    count, started = 0, time.process_time()
    while (used := time.process_time() - started) < 1:
        work()
        count += 1
    return count / used
