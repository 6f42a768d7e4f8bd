"""Many who hold a connection and say nothing."""

import socket

import pytest
from ledger import Ledger
from node import Node
from shared import accepted, engines
from sights import Witness

QUESTION = b"GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("engine", engines())
def test_a_thousand_idle_connections_disturb_nobody(engine):
    with Node(engine) as node:
        witness = Witness(node, Ledger())
        idle = [socket.create_connection(("127.0.0.1", node.port), timeout=30) for _ in range(1000)]
        try:
            accepted(node, idle)

            seen = witness.see()
            family = witness.family(witness.web)

            assert all(answer.status == 200 for answer in seen.values())
            assert witness.web.partner.get("/v1/accounts", family.access).status == 200
            # The server has kept them all, and has a minute for the first word of each.
            assert sum(is_answered(connection) for connection in idle) == 1000
            witness.ledger.ask()
        finally:
            for connection in idle:
                connection.close()


def is_answered(connection):
    try:
        connection.sendall(QUESTION)
        return connection.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
    except OSError:
        return False
