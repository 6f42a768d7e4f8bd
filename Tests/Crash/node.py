"""A server that may end at any moment and start again on what it left behind."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

from shared import BINARY, ROOT, Server, free_port, postgres_database


class Node(Server):
    """One `wekeza serve --demo` with a fixed address, data folder and database, started and ended as often as wanted."""

    def __init__(self, engine, *arguments, database=None, beside=None, wrapper=(), data=None, start=True):
        """
        - beside: another node whose data folder, database and issuer this one shares.
        - wrapper: a command in front of the server's, such as strace; each start may change it.
        """
        self.engine, self.arguments, self.wrapper = engine, list(arguments), list(wrapper)
        self.folder = beside.folder if beside else tempfile.TemporaryDirectory()
        self.data = beside.data if beside else Path(data or self.folder.name)
        self.port, self.ops_port = free_port(), free_port()
        self.address = f"http://localhost:{self.port}"
        self.issuer = beside.issuer if beside else self.address
        self.database = database or (beside.database if beside else None) or (postgres_database() if engine == "postgres" else f"sqlite:{self.data}/wekeza.db")
        self.output = open(Path(self.folder.name) / f"output-{self.port}", "a+")
        self.process = None
        if start:
            self.start()

    def launch(self):
        """Starts the process without waiting for it."""
        self.process = subprocess.Popen(
            [*self.wrapper, BINARY, "serve", "--demo", "--port", str(self.port), "--ops-port", str(self.ops_port), "--issuer", self.issuer,
             "--data", str(self.data), "--assets", str(ROOT), "--database", self.database, *self.arguments],
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

    def freeze(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def end(self):
        """What a test leaves: nothing runs, nothing stays."""
        if self.process and self.process.poll() is None:
            self.thaw()
            self.kill()
        self.output.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
