"""Many who say what they want very slowly: to a server on each engine at once, for it takes the minute after which the last of them are cut off."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor, wait

from ledger import Ledger
from node import Node
from shared import engines
from sights import Witness

HEAD = b"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\n"
BODY = HEAD + b"Content-Type: application/x-www-form-urlencoded\r\n"
# What each kind begins with, and what it adds every second, so that no connection is ever silent for long.
KINDS = {
    "head": (HEAD, b"X: y\r\n"),
    "body": (BODY + b"Content-Length: 1000\r\n\r\n", b"a"),
    "chunks": (BODY + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}
# What each is told at last, and after how many seconds: before its head is there, nobody knows what to answer.
ENDS = {"head": ("closed", 60), "body": ("HTTP/1.1 408 Request Timeout", 30), "chunks": ("HTTP/1.1 408 Request Timeout", 30)}
# Seconds that a busy machine may take longer.
LATE = 20


class SlowSender:
    def __init__(self, node, kind):
        self.kind, self.end, self.took = kind, None, None
        self.began = time.monotonic()
        self.connection = socket.create_connection(("127.0.0.1", node.port), timeout=30)
        self.connection.sendall(KINDS[kind][0])
        self.connection.setblocking(False)

    def drip(self):
        """- Returns: whether the connection still holds."""
        self.end = self.heard() or self.add()
        if self.end:
            self.took = time.monotonic() - self.began
        return self.end is None

    def heard(self):
        """- Returns: what the server said, its end of the connection included; `None` while it says nothing."""
        try:
            return self.connection.recv(4096).split(b"\r\n")[0].decode() or "closed"
        except BlockingIOError:
            return None
        except OSError:
            return "closed"

    def add(self):
        try:
            self.connection.sendall(KINDS[self.kind][1])
            return None
        except OSError:
            return "closed"


def drip(senders):
    """Until nobody listens to them any more, or until it has taken too long."""
    began, dripping = time.monotonic(), senders
    while dripping and time.monotonic() - began < 60 + LATE:
        dripping = [sender for sender in dripping if sender.drip()]
        time.sleep(1)


def play(engine):
    """- Returns: the senders, whose server served everybody else all the time."""
    with Node(engine) as node, ThreadPoolExecutor(1) as pool:
        senders = [SlowSender(node, kind) for kind in KINDS for _ in range(50)]
        try:
            dripping = pool.submit(drip, senders)
            witness = Witness(node, Ledger())
            while wait([dripping], timeout=5).not_done:
                assert all(answer.status == 200 for answer in witness.see(say=lambda line: None).values())
            witness.ledger.ask()
        finally:
            for sender in senders:
                sender.connection.close()
    return senders


def test_slow_senders_are_cut_off_and_disturb_nobody():
    with ThreadPoolExecutor() as pool:
        played = dict(zip(engines(), pool.map(play, engines())))

    for engine, senders in played.items():
        for kind, (end, seconds) in ENDS.items():
            ends = [(sender.end, sender.took) for sender in senders if sender.kind == kind]
            assert {said for said, _ in ends} == {end}, f"{engine}, {kind}: {ends}"
            took = [after for _, after in ends]
            print(f"  {engine}, {kind}: {end} after {min(took):.0f} to {max(took):.0f} s")
            assert seconds <= min(took) and max(took) < seconds + LATE
