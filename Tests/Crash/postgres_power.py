"""A power cut, played from a trace, on PostgreSQL: no table's page has reached the disk since the checkpoint, of the log only what a sync covered."""

import random
import shutil
import subprocess
from pathlib import Path

import kernel
from cluster import Cluster
from durable import MEMORY, File
from promises import Verdict, departures

# No checkpoint within the load, so that a start redoes everything. A new segment is made as an empty file, never from an old one.
SETTINGS = [
    "wal_sync_method=fdatasync", "full_page_writes=on", "checkpoint_timeout=1h", "max_wal_size=4GB", "wal_recycle=off", "wal_init_zero=off",
    "autovacuum=off", "bgwriter_lru_maxpages=0"]
# Small segments, so that a load of some seconds needs new ones.
INITDB = ["--wal-segsize=1"]
CALLS = "fdatasync,fsync,ftruncate,link,rename,unlink,pwrite64,pwritev,write"
LOG, CONTROL = "pg_wal", "global/pg_control"


def tracer(log):
    """One write of the log may be as long as a segment."""
    return kernel.command(log, CALLS, "-s", str(1 << 20))


class Disk:
    """The log's segments and the control file, which says that the server was running: without it a start would not look at the log."""

    def __init__(self, folder):
        self.folder = Path(folder)
        found = [self.folder / CONTROL, *(path for path in (self.folder / LOG).iterdir() if path.is_file())]
        # Whoever asks the kernel sees a new name at once; the disk, once the folder is synced.
        self.named = {str(path.relative_to(self.folder)): File(path.read_bytes()) for path in found}
        self.durable, self.moves = dict(self.named), []
        self.syncs = 0

    @staticmethod
    def keeps(name):
        return name == CONTROL or name == LOG or name.startswith(LOG + "/")

    def take(self, call):
        """Follows one call that succeeded."""
        match call.name:
            case "fdatasync" | "fsync" if call.file == LOG: self.sync_names(call)
            case "fdatasync" | "fsync":
                self.syncs += call.file != CONTROL
                self.file(call).sync(call)
            case "pwrite64" | "pwritev" | "write": self.file(call).write(call)
            case "ftruncate": self.file(call).truncate(call.offset)
            case "link" | "rename" | "unlink": self.move(call)

    def file(self, call):
        return self.named.setdefault(call.file, File())

    def move(self, call):
        file = self.file(call)
        if call.name != "link":
            del self.named[call.file]
        if call.name != "unlink":
            self.named[call.data.decode()] = file
        self.moves.append((call.ended, dict(self.named)))

    def sync_names(self, call):
        for ended, names in self.moves:
            if ended <= call.began:
                self.durable = names
        self.moves = [move for move in self.moves if move[0] > call.began]

    def write(self, folder, owner):
        """Over a copy of what was there before."""
        for path in (folder / LOG).iterdir():
            if path.is_file():
                path.unlink()
        for name, file in self.durable.items():
            (folder / name).write_bytes(file.durable)
            if owner:
                shutil.chown(folder / name, owner)


class Survivor(Cluster):
    """A PostgreSQL that starts on what the power cut left."""

    def __init__(self, disk):
        self.disk = disk
        super().__init__(MEMORY, ["fsync=off"])

    def make(self):
        subprocess.run(["cp", "-a", str(self.disk.folder), str(self.data)], check=True)
        self.disk.write(self.data, self.user)

    def lost(self, promises):
        """Those of which there is no row."""
        questions = (f"SELECT {number} WHERE NOT EXISTS ({promise.written_out});" for number, promise in enumerate(promises))
        return [promises[int(number)] for number in self.ask("\n".join(questions))]


def play(folder, calls, promises, cuts=10, seed="cuts"):
    """Cuts the power at some acknowledgements, the moment they begin to leave, and asks each time for everything that was acknowledged until then. The first
    cut that takes something is the last.
    - folder: the data as it was before, with nothing left to redo.
    - Returns: which promises every cut left."""
    disk = Disk(folder)
    answers, unseen = departures(calls, promises)
    verdict = Verdict(unseen)
    events = iter(sorted((call for call in calls if disk.keeps(call.file) and call.result >= 0), key=lambda call: call.ended))
    event = next(events, None)
    lost, asked = [], 0
    for position in moments([promise.kind for _, promise in answers], cuts, seed):
        while event and event.ended <= answers[position][0]:
            disk.take(event)
            event = next(events, None)
        with Survivor(disk) as survivor:
            lost, asked = survivor.lost([promise for _, promise in answers[:position + 1]]), position + 1
        verdict.cut_at(answers[position][1])
        if lost:
            break
    verdict.broken = [f"{promise} was not on the disk when acknowledgement {asked - 1} left" for promise in lost]
    verdict.kept, verdict.syncs = asked - len(lost), disk.syncs
    return verdict


def moments(kinds, cuts, seed):
    """Which acknowledgements the power is cut at: the last one, then one of each kind, then others anywhere, until there are so many."""
    chance, last = random.Random(seed), len(kinds) - 1
    one_of_each = [chance.choice([place for place, found in enumerate(kinds) if found == kind]) for kind in sorted(set(kinds))]
    others = chance.sample(range(last), last)
    return sorted([*dict.fromkeys([last, *one_of_each, *others])][:cuts])
