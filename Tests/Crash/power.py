"""A power cut, played from a trace: the database as it stands on the disk when everything that no sync covered is lost."""

import os
import re
import shutil
import sqlite3
import tempfile
from pathlib import Path

# What is made and thrown away after each sync.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_request = re.compile(rb"\r\nX-Request-Id: ([A-Za-z0-9_]+)\r\n", re.I)


class Disk:
    """The durable bytes of the database and its write-ahead log."""

    def __init__(self, database):
        self.database = Path(database)
        self.durable = {path: bytearray(path.read_bytes()) if path.exists() else bytearray() for path in (self.database, self.log)}
        self.written = {path: [] for path in self.durable}
        self.syncs = 0

    @property
    def log(self):
        return self.database.with_name(self.database.name + "-wal")

    def take(self, call):
        """Follows one call.
        - Returns: whether something became durable."""
        path = Path(call.file)
        if path not in self.durable or call.result < 0:
            return False
        if call.name in ("fdatasync", "fsync"):
            return self.sync(path, call)
        if call.name == "pwrite64":
            self.written[path].append(call)
        elif call.name == "ftruncate":
            # Losing bytes is the worse case, so it counts at once.
            del self.durable[path][call.offset:]
        elif call.name == "unlink":
            self.durable[path], self.written[path] = bytearray(), []
        return False

    def sync(self, path, call):
        """Covers what was written before it began."""
        self.syncs += path == self.log
        covered = [write for write in self.written[path] if write.ended <= call.began]
        self.written[path] = [write for write in self.written[path] if write.ended > call.began]
        durable = self.durable[path]
        for write in covered:
            end = write.offset + len(write.data)
            durable.extend(bytes(max(0, end - len(durable))))
            durable[write.offset:end] = write.data
        return bool(covered)

    def open(self):
        """What the next start finds."""
        folder = tempfile.mkdtemp(dir=MEMORY)
        copy = Path(folder) / self.database.name
        copy.write_bytes(self.durable[self.database])
        copy.with_name(copy.name + "-wal").write_bytes(self.durable[self.log])
        return Survivor(folder, copy)


class Survivor:
    """A database after the power cut, with the questions that a promise asks of it."""

    def __init__(self, folder, path):
        self.folder, self.path = folder, path

    def __enter__(self):
        self.connection = sqlite3.connect(self.path)
        return self

    def __exit__(self, *_):
        self.connection.close()
        shutil.rmtree(self.folder)

    def holds(self, promise):
        return self.connection.execute(promise.sql, promise.values).fetchone() is not None

    def is_sound(self):
        return self.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class Promise:
    """What one answer acknowledged, as a row that has to be on the disk before the answer leaves."""

    def __init__(self, kind, request_id, sql, *values):
        self.kind, self.request_id, self.sql, self.values = kind, request_id, sql, values


class Verdict:
    def __init__(self):
        self.kept, self.broken, self.unseen, self.syncs = 0, [], [], 0


def play(database, calls, promises):
    """Cuts the power after each sync, and asks for everything that was acknowledged between it and the next.
    - Returns: which promises were on the disk when their answer began to leave."""
    disk, verdict = Disk(database), Verdict()
    open_promises = {promise.request_id.encode(): promise for promise in promises}
    answers, events = [], []
    for number, call in enumerate(calls):
        if call.file.startswith("socket:"):
            # Several answers may leave together.
            for request_id in _request.findall(call.data):
                if request_id in open_promises:
                    answers.append((call.began, number, open_promises.pop(request_id)))
        elif Path(call.file) in disk.durable:
            events.append((call.ended, number, call))
    verdict.unseen = list(open_promises.values())
    events.sort(key=lambda event: event[:2])
    answers.sort(key=lambda answer: answer[:2])
    following = iter(events)
    event = next(following, None)
    position = 0
    while position < len(answers):
        while event and event[0] <= answers[position][0]:
            disk.take(event[2])
            event = next(following, None)
        group = [answers[position][2]]
        position += 1
        # Until the next event that makes something durable, the disk is the same.
        limit = event[0] if event else float("inf")
        while position < len(answers) and answers[position][0] < limit:
            group.append(answers[position][2])
            position += 1
        with disk.open() as survivor:
            if position == len(answers) and not survivor.is_sound():
                verdict.broken.append("the database is damaged")
            for promise in group:
                if survivor.holds(promise):
                    verdict.kept += 1
                else:
                    verdict.broken.append(f"{promise.kind} {promise.request_id} left before its sync")
    verdict.syncs = disk.syncs
    return verdict
