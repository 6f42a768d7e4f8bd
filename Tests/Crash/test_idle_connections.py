"""Many who hold a connection and say nothing."""

import socket

from ledger import Ledger
from node import Node
from sights import Witness


def test_a_thousand_idle_connections_disturb_nobody():
    with Node("sqlite") as node:
        witness = Witness(node, Ledger())
        idle = [socket.create_connection(("127.0.0.1", node.port), timeout=30) for _ in range(1000)]
        try:
            seen = witness.see()
            family = witness.family(witness.web)

            assert all(answer.status == 200 for answer in seen.values())
            assert witness.web.partner.get("/v1/accounts", family.access).status == 200
            witness.ledger.ask()
        finally:
            for connection in idle:
                connection.close()
