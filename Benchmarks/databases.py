"""The two engines as the product is given them, and what each costs the disk."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from processes import free_port, processor_seconds, written_bytes
from settings import ENGINE
from syncs import Syncs
from tables import PostgresTables, SQLiteTables


def opened(folder):
    """A database of the engine that was asked for."""
    return Postgres(folder) if ENGINE == "postgres" else SQLite(folder)


class SQLite:
    """One file, written by the product's own process."""

    name = "SQLite"

    def __init__(self, folder):
        self.folder = folder
        self.url = f"sqlite:{folder}/wekeza.db"
        self.syncs = Syncs(folder)
        self.environment_of_product = self.syncs.environment

    def processor_seconds(self):
        return 0.0

    def written_bytes(self, product_pid):
        return written_bytes(product_pid)

    def size(self):
        return sum(path.stat().st_size for path in Path(self.folder).glob("wekeza.db*"))

    def tables(self):
        return SQLiteTables(f"{self.folder}/wekeza.db")

    def stop(self):
        pass


class Postgres:
    """A temporary cluster on a free port, with every default of PostgreSQL that concerns durability. Its log is that of a server that has run for a while."""

    name = "PostgreSQL"
    environment_of_product = {}

    def __init__(self, folder):
        self.binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.folder = tempfile.mkdtemp()
        self.as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.syncs = Syncs(self.folder)
        if self.as_owner:
            shutil.chown(self.folder, "postgres")
            shutil.chown(self.syncs.path, "postgres")
        port = free_port()
        self.cluster = f"{self.folder}/cluster"
        self.run("initdb", "-D", self.cluster, "-U", "wekeza", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.run("pg_ctl", "-D", self.cluster, "-l", f"{self.folder}/log", "-w", "start", "-o",
                 f"-p {port} -k {self.folder} -c listen_addresses=127.0.0.1 -c min_wal_size=1GB", environment=self.syncs.environment)
        self.url = f"postgres://wekeza@127.0.0.1:{port}/postgres"
        self.use_log()

    def use_log(self):
        """Leaves a gigabyte of log behind, whose files the server uses again. A new server makes each file when it comes to it, 16 MB of zeros, and that would be
        charged to the calls of that moment."""
        for _ in range(64):
            self.tables().execute("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")
        self.tables().execute("CHECKPOINT")

    def run(self, program, *arguments, environment=None):
        done = subprocess.run([*self.as_owner, self.binaries / program, *arguments], cwd=self.folder, env={**os.environ, **(environment or {})},
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 0, done.stderr

    def pids(self):
        """The postmaster and its children; those that came and went between two readings are missed."""
        postmaster = Path(f"{self.cluster}/postmaster.pid").read_text().split("\n")[0]
        return [postmaster, *Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]

    def total(self, reading):
        sum = 0
        for pid in self.pids():
            try:
                sum += reading(pid)
            except (FileNotFoundError, ProcessLookupError):
                pass
        return sum

    def processor_seconds(self):
        return self.total(processor_seconds)

    def written_bytes(self, product_pid):
        """What the log grew by. The kernel charges a page of it with the whole block of pages in memory that it is part of, up to 2 MB, at each sync."""
        return int(self.tables().execute("SELECT pg_current_wal_insert_lsn() - '0/0'")) + written_bytes(product_pid)

    def size(self):
        return sum(path.stat().st_size for path in Path(self.cluster).rglob("*") if path.is_file())

    def tables(self):
        return PostgresTables(self.url)

    def stop(self):
        self.run("pg_ctl", "-D", self.cluster, "-m", "immediate", "stop")
        shutil.rmtree(self.folder)
