"""A running server on each engine, and a customer of it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from servers import (  # noqa: E402, F401
    ANYBODY, BINARY, ROOT, Customer, FormParser, Server, announce_long_ago, change, engines, eventually, free_port, limit_descriptors, postgres_database, sign_long_ago)


@pytest.fixture(scope="session", params=engines())
def server(request):
    running = Server(request.param)
    yield running
    assert running.stop() == 0, "the server did not end cleanly on SIGTERM"


@pytest.fixture
def amina():
    return Customer("amina.traveler")
