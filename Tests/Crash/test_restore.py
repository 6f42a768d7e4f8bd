"""A restore onto a disk that is too small, killed at each step, and where a file has one name only: what was there stays until the copy is in its place."""

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

NAMING = "?link,linkat,?rename,?renameat,renameat2"
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


def is_of_before(database):
    """Whether it is what was there when the restore began."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT name FROM sqlite_master WHERE name = 'of_before'").fetchall() != []


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
def test_a_restore_that_is_killed_at_any_step_leaves_a_whole_database_in_place(machines):
    """One step further each time: the steps that matter are those that give a file a name."""
    for step in count(1):
        machine = next(machines)
        killing = f"inject={NAMING}:signal=KILL:when={step}"
        status, complaint = machine.restore("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={NAMING}", "-e", killing)
        if status == 0:
            break
        assert status == -9, complaint
        assert is_of_before(machine.database), f"killed at step {step}"
        assert machine.is_served()

    assert step > 1, "it is never killed"
    aside, = machine.beside()
    assert is_of_before(aside) and not is_of_before(machine.database)
    assert machine.is_served()


@needs_strace
def test_a_restore_works_without_hard_links(machines):
    machine = next(machines)

    refusing = "inject=?link,linkat:error=EPERM"
    status, complaint = machine.restore("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={NAMING}", "-e", refusing)

    assert status == 0, complaint
    aside, = machine.beside()
    assert is_of_before(aside) and not is_of_before(machine.database)
    assert machine.is_served()
