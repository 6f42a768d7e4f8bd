"""Many who say what they want very slowly. It takes a minute, so `script/crash faults` runs it and `script/test` does not."""

import socket
import time

from ledger import Ledger
from node import Node
from sights import Witness

HEAD = b"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\n"
BODY = HEAD + b"Content-Type: application/x-www-form-urlencoded\r\n"
# What each kind begins with, and what it adds every second, so that no connection is ever silent for long.
KINDS = {
    "head": (HEAD, b"X: y\r\n"),
    "body": (BODY + b"Content-Length: 1000\r\n\r\n", b"a"),
    "chunks": (BODY + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}


class SlowSender:
    def __init__(self, node, kind):
        self.kind, self.end = kind, None
        self.connection = socket.create_connection(("127.0.0.1", node.port), timeout=30)
        self.connection.sendall(KINDS[kind][0])

    def drip(self):
        """- Returns: whether the connection still holds."""
        try:
            self.connection.setblocking(True)
            self.connection.sendall(KINDS[self.kind][1])
            self.connection.setblocking(False)
            self.end = self.connection.recv(4096).split(b"\r\n")[0].decode() or "closed"
        except BlockingIOError:
            return True
        except OSError:
            self.end = "closed"
        return False


def test_slow_senders_are_cut_off_and_disturb_nobody():
    with Node("sqlite") as node:
        witness = Witness(node, Ledger())
        senders = [SlowSender(node, kind) for kind in KINDS for _ in range(50)]
        began, dripping = time.monotonic(), list(senders)

        assert all(answer.status == 200 for answer in witness.see().values())
        ended = {}
        while dripping and time.monotonic() - began < 90:
            for sender in [sender for sender in dripping if not sender.drip()]:
                dripping.remove(sender)
                ended[sender.kind] = f"{sender.end} after {time.monotonic() - began:.0f} s"
            time.sleep(1)

        print(f"  the last of each: {ended}")
        assert not dripping, "a slow sender holds its connection for ever"
        witness.ledger.ask()
        for sender in senders:
            sender.connection.close()
