"""A server under measurement: started, waited for, read from /proc, stopped."""

import os
import re
import socket
import subprocess
import time
from pathlib import Path

import requests

from settings import FLOOR, ROOT

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def processor_seconds(pid):
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def written_bytes(pid):
    """What a process made the disk write, as the kernel charges it: whole pages, when they become dirty."""
    return int(re.search(r"^write_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.M).group(1))


class Process:
    """A server of ours on loopback."""

    def __init__(self, arguments, ready, environment=None, output=subprocess.DEVNULL):
        started = time.monotonic()
        self.process = subprocess.Popen(
            arguments, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, **(environment or {})})
        # Whoever waits for it has nothing to stop yet.
        try:
            self.wait_for(ready)
        except BaseException:
            self.stop()
            raise
        self.ready_after = time.monotonic() - started

    def wait_for(self, ready):
        while True:
            assert self.process.poll() is None, f"{self.process.args[0]} ended"
            try:
                if requests.get(ready, timeout=1).status_code == 200:
                    return
            except requests.RequestException:
                time.sleep(0.005)

    @property
    def pid(self):
        return self.process.pid

    def processor_seconds(self):
        return processor_seconds(self.pid)

    def resident_megabytes(self):
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text()).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Floor(Process):
    """The least that a server on the same libraries does. With the address of another it is a plain proxy to it."""

    def __init__(self, *upstream):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        super().__init__([FLOOR, str(self.port), *upstream], f"{self.address}/constant")
