"""The load generator: `wrk -c 64` with requests prepared beforehand, so that what it does for each is the least."""

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from settings import CERTIFICATE, CONNECTIONS, SECONDS, THREADS

SCRIPT = Path(__file__).with_name("load.lua")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


@dataclass
class Run:
    finished: int
    seconds: float
    p50: float
    p99: float
    """Milliseconds."""
    answers: dict = field(default_factory=dict)
    """By the number of the request, when it was sent `once`."""

    @property
    def rate(self):
        return self.finished / self.seconds


def draw(address, requests, seconds=SECONDS, environment=None):
    """Any of the requests, evenly, for a time."""
    with tempfile.TemporaryDirectory() as folder:
        output = finish(start(address, prepare(folder, requests), seconds, "draw", environment=environment))
    finished, took = re.search(r"(\d+) requests in ([\d.]+)", output).group(1), float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    return Run(int(finished), int(finished) / took, latency(output, 50), latency(output, 99))


def once(address, requests, wanted="none", pace=0, connections=CONNECTIONS):
    """Each of the requests exactly once: `pace` of them a second, or as fast as it goes.
    `wanted` is what of the answers is kept: `location`, `body` or `none`."""
    with tempfile.TemporaryDirectory() as folder:
        numbered = [number(index, request) for index, request in enumerate(requests)]
        running = start(address, prepare(folder, numbered), 600, "once", f"{folder}/answers", wanted, str(THREADS), str(pace / THREADS), connections=connections)
        parts = [Path(f"{folder}/answers.{thread}") for thread in range(THREADS)]
        while running.poll() is None and not all(Path(f"{part}.done").exists() for part in parts):
            time.sleep(0.005)
        time.sleep(0.01)  # the last file is closed a moment after it appears
        running.send_signal(signal.SIGINT)
        output = finish(running)
        moments = [[float(moment) for moment in Path(f"{part}.done").read_text().split()] for part in parts]
        answers = {}
        for part in parts:
            for answer in part.read_bytes().split(b"\0")[:-1]:
                index, _, content = answer.partition(b" ")
                answers[int(index, 16)] = content.decode()
    assert len(answers) == len(requests), f"{len(answers)} of {len(requests)} requests were answered"
    took = max(end for _, end in moments) - min(begin for begin, _ in moments)
    return Run(len(requests), took, latency(output, 50), latency(output, 99), answers)


def number(index, request):
    head, _, rest = request.partition(b"\r\n")
    return head + b"\r\nx-fapi-interaction-id: %08x-0000-4000-8000-000000000000\r\n" % index + rest


def prepare(folder, requests):
    path = f"{folder}/requests"
    Path(path).write_bytes(b"".join(request + b"\0" for request in requests))
    return path


def presenting(certificate, key):
    """The environment in which each connection presents the certificate in these PEM files."""
    return {"LD_PRELOAD": str(CERTIFICATE), "CERTIFICATE": certificate, "KEY": key}


def start(address, requests, seconds, *arguments, environment=None, connections=CONNECTIONS):
    return subprocess.Popen(
        ["wrk", "--latency", "--timeout", "60s", "-c", str(connections), "-t", str(THREADS), "-d", f"{seconds}s", "-s", SCRIPT, address, "--", requests,
         *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "LC_ALL": "C", **(environment or {})})


def finish(running):
    output = running.communicate()[0]
    assert running.returncode == 0, output
    # A connection that the server ends after its answer, as it was asked to, is counted as an error of reading too.
    assert "Non-2xx" not in output and not re.search(r"Socket errors: (?!connect 0, read \d+, write 0, timeout 0)", output), output
    return output


def latency(output, percentile):
    found = re.search(rf"^\s+{percentile}%\s+([\d.]+)(us|ms|s|m) *$", output, re.M)
    return float(found.group(1)) * UNITS[found.group(2)]
