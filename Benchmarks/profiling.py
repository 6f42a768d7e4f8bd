"""`perf record` of the product during a round, when BENCH_PROFILE names a folder for it."""

import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

from settings import PROFILE


@contextmanager
def recording(pid, title):
    """Call stacks 499 times in a second of each thread's processor time. A later round of the same title replaces the earlier."""
    if not PROFILE:
        yield
        return
    Path(PROFILE).mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "499", "-g", "-p", str(pid), "-o", f"{PROFILE}/{name}.data"])
    try:
        yield
    finally:
        perf.terminate()
        perf.wait()
