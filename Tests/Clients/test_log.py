"""What becomes of a node whose log nobody reads: a stalled container driver, a stuck journal, a terminal that was stopped with ^S."""

import json
import os
import signal
import subprocess
import threading

import pytest
import requests
from conftest import BINARY, ROOT, Server, eventually

REQUESTS = 3000


class Unread(Server):
    """Its standard output is a pipe, which nobody reads until `read` is called."""

    def start(self):
        self.pipe, writing = os.pipe()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", str(self.port), "--ops-port", str(self.ops_port),
             "--data", self.folder.name, "--assets", str(ROOT), "--database", self.database, *self.arguments],
            stdout=writing, stderr=self.output, cwd=ROOT)
        os.close(writing)
        self.wait_until_ready()

    def read(self):
        """Everything until the process ends."""
        with open(self.pipe, "rb", closefd=False) as pipe:
            return pipe.read()


@pytest.fixture
def node(tmp_path):
    """A node that has written far more than its pipe holds, a warning among it."""
    issuers = tmp_path / "issuers.json"
    issuers.write_text('{"issuers": []}')
    node = Unread("sqlite", "--software-statement-issuers", str(issuers))
    try:
        ask(node, REQUESTS // 2)
        issuers.write_text("nothing")
        node.process.send_signal(signal.SIGHUP)
        ask(node, REQUESTS - REQUESTS // 2)
        yield node
    finally:
        node.process.kill()
        node.process.wait()
        os.close(node.pipe)
        node.output.close()
        node.folder.cleanup()


def ask(node, count):
    with requests.Session() as session:
        for _ in range(count):
            assert session.get(f"{node.issuer}/.well-known/openid-configuration", timeout=10).status_code == 200


def test_a_log_that_nobody_reads_holds_up_neither_answers_nor_the_stop(node):
    assert requests.get(f"http://127.0.0.1:{node.ops_port}/readyz", timeout=2).status_code == 200
    assert "\nlog_lines_dropped_total 0\n" in requests.get(f"http://127.0.0.1:{node.ops_port}/metrics", timeout=2).text

    node.process.terminate()

    assert node.process.wait(20) == 0


def test_a_reader_that_goes_on_gets_every_line(node):
    read = []
    reader = threading.Thread(target=lambda: read.append(node.read()))
    reader.start()

    node.process.terminate()
    assert node.process.wait(25) == 0
    reader.join(20)

    lines = [json.loads(line) for line in read[0].splitlines()]
    messages = [line["message"] for line in lines]
    asked = [line for line in lines if line.get("http.route") == "/.well-known/openid-configuration"]
    assert len(asked) == REQUESTS
    assert "the issuers of software statements stay as they were" in messages and "log lines dropped" not in messages


def test_a_log_that_nobody_can_read_any_more_stops_nothing():
    node = Unread("sqlite")
    try:
        os.close(node.pipe)
        ask(node, 100)

        lost = lambda: "\nlog_lines_dropped_total 0\n" not in requests.get(f"http://127.0.0.1:{node.ops_port}/metrics", timeout=2).text
        assert eventually(lost)
    finally:
        assert node.stop() == 0
