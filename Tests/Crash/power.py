"""A power cut, played from a trace: the database as it stands on the disk when everything that no sync covered is lost. On SQLite."""

import shutil
import sqlite3
import tempfile
from pathlib import Path

from durable import MEMORY, File
from promises import Verdict, departures


class Disk:
    """The database and its write-ahead log."""

    def __init__(self, database):
        self.database = Path(database)
        self.files = {path: File(path.read_bytes() if path.exists() else b"") for path in (self.database, self.log)}
        self.syncs = 0

    @property
    def log(self):
        return self.database.with_name(self.database.name + "-wal")

    def take(self, call):
        """Follows one call that succeeded."""
        path = Path(call.file)
        if call.name in ("fdatasync", "fsync"):
            self.syncs += path == self.log
            self.files[path].sync(call)
        elif call.name == "pwrite64":
            self.files[path].write(call)
        elif call.name == "ftruncate":
            self.files[path].truncate(call.offset)
        elif call.name == "unlink":
            self.files[path] = File()

    def open(self):
        """What the next start finds."""
        folder = tempfile.mkdtemp(dir=MEMORY)
        copy = Path(folder) / self.database.name
        copy.write_bytes(self.files[self.database].durable)
        copy.with_name(copy.name + "-wal").write_bytes(self.files[self.log].durable)
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


def play(database, calls, promises):
    """Cuts the power after each sync, and asks for everything that was acknowledged between it and the next.
    - Returns: which promises were on the disk when their answer began to leave."""
    disk = Disk(database)
    answers, unseen = departures(calls, promises)
    verdict = Verdict(unseen)
    events = sorted((call for call in calls if Path(call.file) in disk.files and call.result >= 0), key=lambda call: call.ended)
    following = iter(events)
    event = next(following, None)
    position = 0
    while position < len(answers):
        while event and event.ended <= answers[position][0]:
            disk.take(event)
            event = next(following, None)
        group = [answers[position][1]]
        position += 1
        # Until the next event that makes something durable, the disk is the same.
        limit = event.ended if event else float("inf")
        while position < len(answers) and answers[position][0] < limit:
            group.append(answers[position][1])
            position += 1
        verdict.cut_at(*group)
        with disk.open() as survivor:
            if position == len(answers) and not survivor.is_sound():
                verdict.broken.append("the database is damaged")
            for promise in group:
                if survivor.holds(promise):
                    verdict.kept += 1
                else:
                    verdict.broken.append(f"{promise} left before its sync")
    verdict.syncs = disk.syncs
    return verdict
