"""No acknowledgement leaves before the sync that covers it: shown from what the server, or its database, asked of the kernel."""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import kernel
import postgres_power
import power
from cluster import Cluster
from ledger import Ledger
from load import Crowd
from node import Node
from promises import Load, Promise
from wire import code_of


@dataclass
class Recording:
    """A load under strace."""
    play: Callable
    before: Path
    """The database as it was when the load began."""
    calls: list
    promises: list[Promise]

    def verdict(self):
        return self.play(self.before, self.calls, self.promises)

    def without_later_syncs(self):
        """As if the kernel had taken no sync after the first half."""
        half = len(self.calls) // 2
        return replace(self, calls=[call for number, call in enumerate(self.calls) if number < half or call.name not in ("fdatasync", "fsync")])


class SQLite:
    """A node, and its database beside it."""

    def __init__(self, node, folder):
        self.node, self.folder, self.load = node, Path(folder), Load(node)

    @classmethod
    @contextmanager
    def open(cls, folder):
        with Node("sqlite") as node:
            yield cls(node, folder)

    def record(self, seconds):
        self.load.prepare(seconds)
        stop(self.node)
        database = Path(self.node.database.removeprefix("sqlite:"))
        before = self.folder / database.name
        for suffix in ("", "-wal"):
            if Path(f"{database}{suffix}").exists():
                shutil.copyfile(f"{database}{suffix}", f"{before}{suffix}")
        calls, promises = self.load.run(self.folder / "node.log", kernel.CALLS, seconds)
        # The trace names the server's files; the play uses copies of them.
        return Recording(power.play, before, renamed(calls, str(database), str(before)), promises)


class Postgres:
    """A node, and a PostgreSQL that is traced as well: the one answers, the other writes."""

    def __init__(self, cluster, node, cuts):
        self.cluster, self.node, self.load = cluster, node, Load(node)
        self.play = partial(postgres_power.play, cuts=cuts)

    @classmethod
    @contextmanager
    def open(cls, cuts=10):
        """- cuts: how often the power is cut in a play; each is a start of PostgreSQL."""
        with Cluster(settings=postgres_power.SETTINGS, initdb=postgres_power.INITDB) as cluster, Node("postgres", database=cluster.url) as node:
            yield cls(cluster, node, cuts)

    def record(self, seconds, *settings):
        """Once: the load ends as in a crash.
        - settings: what is different at PostgreSQL under this load.
        - Returns: what can be played until the cluster is removed.
        """
        stop(self.node)
        self.load.prepare(seconds)
        before = self.copy()
        log = before.with_name("strace.log")
        self.cluster.settings = [*postgres_power.SETTINGS, *settings]
        self.cluster.start_under(postgres_power.tracer(log))
        sent, promises = self.load.run(before.with_name("node.log"), kernel.SENDING, seconds)
        self.cluster.stop()
        # The processes of one machine have one clock.
        calls = sorted([*sent, *renamed(kernel.read(log), f"{self.cluster.data}/", "")], key=lambda call: call.ended)
        return Recording(self.play, before, calls, promises)

    def copy(self):
        """Stops PostgreSQL in order: what was written until then is in the tables, and on the disk."""
        self.cluster.stop("fast")
        before = Path(tempfile.mkdtemp(dir=self.cluster.folder)) / "data"
        # PostgreSQL's user owns it, and writes its trace beside it.
        shutil.chown(before.parent, self.cluster.data.owner())
        subprocess.run(["cp", "-a", str(self.cluster.data), str(before)], check=True)
        return before


def renamed(calls, old, new):
    calls = list(calls)
    for call in calls:
        call.file = call.file.replace(old, new, 1)
    return calls


def stop(node):
    node.process.terminate()
    assert node.process.wait(25) == 0


# MARK: How many share a sync

# A public app's refresh makes the next token, so each answer brings what a later request sends.
LUA = """
local waiting = {{{tokens}}}
request = function()
    local token = table.remove(waiting)
    return wrk.format("POST", "/oauth2/token", {{["Content-Type"] = "application/x-www-form-urlencoded"}},
        "grant_type=refresh_token&client_id={client}&refresh_token=" .. token)
end
response = function(status, headers, body)
    table.insert(waiting, body:match('"refresh_token":"([^"]+)"'))
end
"""


def group(folder, seconds=5, width=64):
    """`width` refreshes at a time, each a write of its own, with only the syncs traced.
    - Returns: how many refreshes were answered, and how many syncs it took."""
    log, script = Path(folder) / "strace-syncs.log", Path(folder) / "refresh.lua"
    with Node("sqlite") as node:
        crowd = Crowd(node, Ledger(), "group", size=2)
        worker = next(worker for worker in crowd.workers if worker.partner.is_public)
        tokens = []
        # wrk asks for one request that it does not send.
        for _ in range(width + 1):
            question = worker.customer.question(worker.partner)
            tokens.append(worker.partner.exchange(code_of(question.approve()), question.verifier).json["refresh_token"])
        script.write_text(LUA.format(tokens=", ".join(f'"{token}"' for token in tokens), client=worker.partner.app["client_id"]))
        stop(node)
        node.wrapper = kernel.command(log, "fdatasync,fsync")
        node.start()
        began = time.time()
        said = subprocess.run(
            ["wrk", "-t", "1", "-c", str(width), "-d", str(seconds), "-s", str(script), node.address], check=True, capture_output=True, text=True).stdout
        ended = time.time()
        node.kill()
        assert "Non-2xx" not in said, said
        syncs = [call for call in kernel.read(log) if call.file.endswith("-wal") and began <= call.ended <= ended]
        return int(re.search(r"(\d+) requests in", said)[1]), len(syncs)
