"""A restore onto a disk that is too small, killed or failing at each step, and where a file has one name only: what was there stays until the copy is in its
place, and has no other name beside."""

import resource
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from itertools import count

import kernel
import pytest
from node import Node
from shared import BINARY, ROOT

LINKING, RENAMING = "?link,linkat", "?rename,?renameat,renameat2"
needs_strace = pytest.mark.skipif(not kernel.is_available(), reason="strace cannot trace a process here")


class Machine:
    """One whose server was stopped: a data folder with the database, and a backup from before its last table."""

    def __init__(self, folder):
        self.folder, self.database, self.backup = folder, folder / "wekeza.db", folder / "nightly.backup"

    def run(self, *command, **options):
        done = subprocess.run(
            [*command, "--data", str(self.folder), "--database", f"sqlite:{self.database}"], capture_output=True, text=True, cwd=ROOT, timeout=120, **options)
        return done.returncode, done.stderr

    def restore(self, *wrapper, **options):
        """- wrapper: a command in front of it, such as strace."""
        return self.run(*wrapper, BINARY, "restore", str(self.backup), "--replace", **options)

    def is_served(self):
        return self.run(BINARY, "migrate")[0] == 0

    def beside(self):
        return list(self.folder.glob("wekeza.db.*"))


def strace(calls, *faults):
    """In front of a restore. Of several calls each is counted by itself."""
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", *(option for fault in faults for option in ("-e", f"inject={fault}"))]


def is_of_before(database):
    """Whether it is what was there when the restore began."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT name FROM sqlite_master WHERE name = 'of_before'").fetchall() != []


def assert_is_replaced(machine):
    aside, = machine.beside()
    assert is_of_before(aside) and not is_of_before(machine.database)
    assert machine.is_served()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    machine = Machine(tmp_path_factory.mktemp("machine"))
    with Node("sqlite", data=machine.folder) as node:
        # Each is told of in the audit log, which grows by it.
        for number in range(10):
            node.create_app(f"App {number}", "--redirect-uri", "https://partner.example/callback", "--organisation", "acme-budget")
        assert node.command("backup", str(machine.backup))[0] == 0
        node.process.terminate()
        assert node.process.wait(25) == 0
    with closing(sqlite3.connect(machine.database)) as connection:
        connection.execute("CREATE TABLE of_before (id INTEGER)")
    return machine


@pytest.fixture
def machines(stopped, tmp_path):
    """As many as a test wants."""
    return (Machine(shutil.copytree(stopped.folder, tmp_path / f"machine-{number}")) for number in count())


def limit(bytes):
    """How large a file may become; to write more is an error, as on a full disk."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes)), "restore_signals": False}


@pytest.mark.parametrize("share", [1, 0.5], ids=["room for the copy, not for what ends in it", "no room for the copy"])
def test_a_restore_that_has_no_room_leaves_what_was_there(machines, share):
    small, large = next(machines), next(machines)
    with tarfile.open(small.backup) as archive:
        copy = archive.getmember("database.sqlite").size

    status, complaint = small.restore(**limit(int(copy * share)))

    assert status == 2 and "is the disk full?" in complaint, complaint
    assert is_of_before(small.database) and small.beside() == []
    assert small.is_served()
    # What ended did need room.
    assert large.restore()[0] == 0
    assert large.database.stat().st_size > copy


@needs_strace
@pytest.mark.parametrize("calls", [LINKING, RENAMING], ids=["link", "rename"])
def test_a_restore_that_is_killed_at_any_step_leaves_a_whole_database_in_place(machines, calls):
    """One step further each time: the steps that matter are those that give a file a name. The next restore leaves nothing of the one that was killed."""
    for step in count(1):
        machine = next(machines)
        status, complaint = machine.restore(*strace(calls, f"{calls}:signal=KILL:when={step}"))
        if status == 0:
            break
        assert status == -9, complaint
        assert is_of_before(machine.database), f"killed at step {step}"
        assert machine.is_served()
        assert machine.restore()[0] == 0
        assert_is_replaced(machine)

    assert step > 1, "it is never killed"
    assert_is_replaced(machine)


@needs_strace
def test_a_restore_in_place_takes_away_the_second_name_that_a_killed_one_left(machines):
    machine = next(machines)
    assert machine.restore(*strace(RENAMING, f"{RENAMING}:signal=KILL:when=1"))[0] == -9
    second, = machine.folder.glob("wekeza.db.replaced-*")
    assert second.samefile(machine.database)

    status, complaint = machine.run(BINARY, "restore", "--in-place")

    assert status == 0, complaint
    assert is_of_before(machine.database) and not second.exists()
    assert machine.is_served()


@needs_strace
@pytest.mark.parametrize("faults, steps", [([], 2), ([f"{LINKING}:error=EPERM"], 3)], ids=["with hard links", "without"])
def test_a_restore_that_fails_at_any_step_puts_back_what_was_there(machines, faults, steps):
    """What lies beside the database and what ends in it are renamed, and the database where a file has one name only."""
    for step in count(1):
        machine = next(machines)
        with closing(sqlite3.connect(machine.database)) as connection:
            # By its journal, which stays beside the database.
            assert connection.execute("PRAGMA journal_mode = PERSIST").fetchone() == ("persist",)
        journal = machine.folder / "wekeza.db-journal"
        assert journal.exists()
        status, complaint = machine.restore(*strace(f"{LINKING},{RENAMING}", *faults, f"{RENAMING}:error=EIO:when={step}"))
        if status == 0:
            break
        assert status == 2 and f"{machine.database} cannot be " in complaint, complaint
        assert is_of_before(machine.database) and journal.exists(), f"failed at step {step}"
        assert machine.beside() == []
        assert machine.is_served()

    assert step == steps + 1


@needs_strace
def test_a_restore_works_without_hard_links(machines):
    machine = next(machines)

    status, complaint = machine.restore(*strace(LINKING, f"{LINKING}:error=EPERM"))

    assert status == 0, complaint
    assert_is_replaced(machine)


@needs_strace
@pytest.mark.parametrize("share", [0, 0.5], ids=["its beginning", "its middle"])
def test_a_backup_that_cannot_be_read_is_no_full_disk(machines, share):
    machine = next(machines)
    file = machine.backup.stat()
    # It is read block by block.
    block = 1 + int(file.st_size / file.st_blksize * share)

    status, complaint = machine.restore(*strace("read", f"read:error=EIO:when={block}"), "-P", str(machine.backup))

    assert status == 2 and f"{machine.backup} cannot be read" in complaint and "disk full" not in complaint, complaint
    assert is_of_before(machine.database) and machine.beside() == []
    assert machine.is_served()
