"""A process that is stopped in the middle of what it does, also inside a write to one SQLite file."""

import os
import random
import time
from contextlib import contextmanager
from pathlib import Path

# Of the index of SQLite's log (`WAL_WRITE_LOCK`, `UNIX_SHM_BASE`): whoever writes holds it from the first statement to the commit.
WRITE_LOCK = "120"


def is_writing(node):
    """Whether its process holds the file's lock, as the kernel has it."""
    index = os.stat(node.database.removeprefix("sqlite:") + "-shm").st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        match line.split():
            case [_, "POSIX", _, "WRITE", process, file, first, _] if process == str(node.process.pid) and file.endswith(f":{index}"):
                if first == WRITE_LOCK:
                    return True
    return False


@contextmanager
def standstill(node):
    """Whatever it does at the moment stays half done until the end."""
    node.freeze()
    try:
        yield
    finally:
        node.thaw()


@contextmanager
def standstill_inside_a_write(node, seed="inside"):
    """It goes on and is stopped again until it holds the lock."""
    chance, deadline = random.Random(seed), time.monotonic() + 60
    node.freeze()
    while not is_writing(node):
        node.thaw()
        assert time.monotonic() < deadline, "it is never met inside a write"
        time.sleep(chance.uniform(0.001, 0.02))
        node.freeze()
    try:
        yield
    finally:
        node.thaw()
