"""A PostgreSQL of one's own that keeps its promises (fsync on), to be stopped, frozen and started again."""

import os
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from shared import free_port


def binaries():
    """The folder of the newest PostgreSQL's server programs, or `None`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class Cluster:
    """One server on a free port of 127.0.0.1."""

    def __init__(self, parent="/tmp"):
        """- parent: a folder that PostgreSQL's user can reach."""
        self.binaries, self.port = binaries(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="wkz_cluster_", dir=parent))
        self.user = self.owner()
        if self.user:
            shutil.chown(self.folder, self.user)
        self.run("initdb", "-D", str(self.folder / "data"), "-U", "wekeza", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

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

    def run(self, program, *arguments):
        prefix = ["runuser", "-u", self.user, "--"] if self.user else []
        done = subprocess.run([*prefix, str(self.binaries / program), *arguments], cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self):
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "-t", "60", "start",
            "-o", f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=100")

    def stop(self, mode="immediate"):
        """`immediate` is a crash: the next start recovers from the log."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "-t", "60", "stop")

    def reset(self):
        """One of its processes dies: the server ends all others and begins again by itself, without what was only in its memory."""
        os.kill(random.choice(self.processes[1:]), signal.SIGKILL)

    @property
    def processes(self):
        postmaster = int((self.folder / "data/postmaster.pid").read_text().split()[0])
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
        """- Returns: the first column of its rows."""
        return subprocess.run(["psql", self.url, "-qtAc", question], check=True, capture_output=True, text=True).stdout.split()

    def remove(self):
        if (self.folder / "data/postmaster.pid").exists():
            self.thaw()
            self.stop()
        shutil.rmtree(self.folder)
