"""A PostgreSQL of one's own that keeps its promises (fsync on), to be stopped, frozen and started again."""

import os
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from shared import eventually, free_port


def binaries():
    """The folder of the newest PostgreSQL's server programs, or `None`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class Cluster:
    """One server on a free port of 127.0.0.1."""

    def __init__(self, parent="/tmp", settings=(), initdb=()):
        """
        - parent: a folder that PostgreSQL's user can reach.
        - settings: as `name=value`; each start takes them as they are then.
        - initdb: what that program is told besides.
        """
        self.binaries, self.port, self.settings = binaries(), free_port(), list(settings)
        self.tracer = None
        self.folder = Path(tempfile.mkdtemp(prefix="wkz_cluster_", dir=parent))
        self.user = self.owner()
        if self.user:
            shutil.chown(self.folder, self.user)
        try:
            self.make(*initdb)
            self.start()
        except BaseException:
            self.remove()
            raise

    def make(self, *arguments):
        self.run("initdb", "-D", str(self.data), "-U", "wekeza", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", *arguments)

    @property
    def data(self):
        return self.folder / "data"

    @staticmethod
    def owner():
        """PostgreSQL refuses to run as root."""
        if os.getuid() != 0:
            return None
        try:
            return pwd.getpwnam("postgres").pw_name
        except KeyError:
            return "nobody"

    @property
    def url(self):
        return f"postgres://wekeza@127.0.0.1:{self.port}/postgres"

    @property
    def prefix(self):
        return ["runuser", "-u", self.user, "--"] if self.user else []

    @property
    def options(self):
        settings = ["listen_addresses=127.0.0.1", "max_connections=100", *self.settings]
        return ["-p", str(self.port), "-k", str(self.folder), *(word for setting in settings for word in ("-c", setting))]

    def run(self, program, *arguments):
        done = subprocess.run([*self.prefix, str(self.binaries / program), *arguments], cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self):
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", "60", "start", "-o", " ".join(self.options))

    def start_under(self, tracer):
        """Starts behind a command such as strace, which sees every process of the server from its first call on, and ends with it."""
        with open(self.folder / "log", "a") as log:
            self.tracer = subprocess.Popen(
                [*self.prefix, *tracer, str(self.binaries / "postgres"), "-D", str(self.data), *self.options],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        assert eventually(self.is_ready, 60), (self.folder / "log").read_text()

    def is_ready(self):
        return subprocess.run(["psql", self.url, "-qc", "SELECT 1"], capture_output=True).returncode == 0

    def stop(self, mode="immediate"):
        """`immediate` is a crash: the next start recovers from the log."""
        self.run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", "60", "stop")
        if self.tracer:
            self.tracer.wait(60)
            self.tracer = None

    def reset(self):
        """One of its processes dies: the server ends all others and begins again by itself, without what was only in its memory."""
        os.kill(random.choice(self.processes[1:]), signal.SIGKILL)

    @property
    def processes(self):
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True).stdout.split()
        return [postmaster, *map(int, children)]

    def freeze(self):
        """The server hangs: it accepts connections and says nothing."""
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def signal(self, number):
        for process in self.processes:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass  # a worker that ended meanwhile

    def database(self, name):
        subprocess.run(["psql", self.url, "-qc", f'CREATE DATABASE "{name}" TEMPLATE template0'], check=True)
        return self.url.rsplit("/", 1)[0] + "/" + name

    def ask(self, question):
        """- Returns: the words of its rows; several statements are asked one after another."""
        return subprocess.run(["psql", self.url, "-qtAX", "-v", "ON_ERROR_STOP=1"], check=True, capture_output=True, text=True, input=question).stdout.split()

    def remove(self):
        try:
            if (self.data / "postmaster.pid").exists():
                self.thaw()
                self.stop()
        finally:
            if self.tracer:
                self.tracer.kill()
                self.tracer.wait()
            shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()
