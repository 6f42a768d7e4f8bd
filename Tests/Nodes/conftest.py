"""Several `wekeza serve` processes on one database, and what stands between them: a balancer, or a line that can be cut."""

import sys
import time
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from servers import Customer, Server, engines  # noqa: E402

if "postgres" not in engines():
    pytest.skip("WEKEZA_TEST_POSTGRES names no PostgreSQL server", allow_module_level=True)


def until(condition, seconds=10):
    """Asks again until the condition holds.
    Returns how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come true in time"
        time.sleep(0.02)
    return time.monotonic() - began


class Turns(HTTPAdapter):
    """Takes the nodes in turn for requests to the issuer's address, as a balancer without stickiness does."""

    def __init__(self, nodes):
        super().__init__()
        self.nodes, self.sent = nodes, 0

    def send(self, request, **options):
        address = request.url
        node = self.nodes[self.sent % len(self.nodes)]
        self.sent += 1
        request.url = node.address + address.removeprefix(node.issuer)
        response = super().send(request, **options)
        response.url = request.url = address
        return response


def in_turns(session, nodes):
    session.mount(nodes[0].issuer, Turns(nodes))
    return session


def deployment(engine):
    """Two nodes on one database, for a fixture."""
    first = Server(engine)
    second = Server(engine, beside=first)
    yield first, second
    assert second.stop() == 0 and first.stop() == 0, "a node did not end cleanly on SIGTERM"


@pytest.fixture(scope="session")
def nodes():
    yield from deployment("postgres")


@pytest.fixture
def amina(nodes):
    """A customer whose requests go to both nodes in turn."""
    customer = Customer("amina.traveler")
    in_turns(customer.browser, nodes)
    return customer


def served(path, *nodes):
    """The answers of several nodes to one path."""
    return [requests.get(node.address + path, timeout=10) for node in nodes]
