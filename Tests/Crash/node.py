"""A server that may end at any moment and start again on what it left behind."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

from shared import BINARY, ROOT, Server, free_port, postgres_database


class Node(Server):
    """One `wekeza serve --demo` with a fixed address, data folder and database, started and ended as often as wanted."""

    def __init__(self, engine, *arguments, database=None, beside=None, wrapper=(), data=None, start=True):
        """
        - beside: another node whose data folder, database and issuer this one shares.
        - wrapper: a command in front of the server's, such as strace; each start may have another.
        - data: the data folder, when it is not one of its own.
        """
        self.engine, self.beside, self.wrapper = engine, beside, list(wrapper)
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = beside.folder if beside else SimpleNamespace(name=str(data)) if data else self.scratch
        self.port, self.ops_port = free_port(), free_port()
        self.address = f"http://localhost:{self.port}"
        self.issuer = beside.issuer if beside else self.address
        self.database = database or (beside.database if beside else self.new_database())
        self.output = open(Path(self.scratch.name) / "output", "a+")
        self.arguments = ["--demo", "--tls-port", "off", "--issuer", self.issuer, *arguments]
        self.process = None
        if start:
            self.start()

    def new_database(self):
        return postgres_database() if self.engine == "postgres" else f"sqlite:{self.folder.name}/wekeza.db"

    def launch(self):
        """Starts the process without waiting for it."""
        self.process = subprocess.Popen(
            [*self.wrapper, BINARY, "serve", "--port", str(self.port), "--ops-port", str(self.ops_port),
             "--data", self.folder.name, "--assets", str(ROOT), "--database", self.database, *self.arguments],
            stdout=self.output, stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True)

    def start(self):
        self.launch()
        self.wait_until_ready()

    def kill(self):
        """As a power switch would: no handler runs. A wrapper goes with it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def freeze(self):
        """Comes back when all its threads stand still."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def thaw(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def end(self):
        """What a test leaves: nothing runs, nothing stays."""
        if self.is_running:
            self.thaw()
            self.kill()
        self.output.close()
        self.scratch.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
