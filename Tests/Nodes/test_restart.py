"""A rolling restart behind HAProxy, as deploy/ sets it up: no request fails."""

import http.client
import shutil
import signal
import time

import pytest
import requests
from balancer import Balancer
from conftest import until
from load import Load
from rows import Rows
from servers import Server

DRAIN = 5


@pytest.fixture(scope="module")
def pair():
    first = Server("postgres", "--drain-seconds", str(DRAIN))
    second = Server("postgres", "--drain-seconds", str(DRAIN), beside=first)
    yield first, second
    assert second.stop() == 0 and first.stop() == 0


@pytest.fixture
def balancer(pair, tmp_path):
    if not shutil.which("haproxy"):
        pytest.skip("HAProxy is not installed")
    running = Balancer(tmp_path, pair)
    yield running
    running.stop()


def test_restarting_one_node_after_the_other_fails_no_request(pair, balancer):
    load = Load(balancer, pair[0])
    try:
        until(load.has_gone_on(3), seconds=60)
        took = [restart(node) for node in pair]
        until(load.has_gone_on(3), seconds=60)
    finally:
        load.end()

    print(f"each restart {', '.join(f'{seconds:.1f} s' for seconds in took)}")
    assert load.failures == []
    made = Rows(pair[0].database).select(f"SELECT consent_id FROM payment WHERE app_id = '{load.bills.partner.app['app_id']}'")
    assert sorted(payment["consent_id"] for payment in made) == sorted(load.bills.paid), "each bill was paid once"


def restart(node):
    """Returns how long it took until the balancer had taken it back: before that the other one may not go."""
    began = time.monotonic()
    node.process.terminate()
    assert node.process.wait(60) == 0, node.printed()
    node.start()
    reached = served_by(node)
    until(lambda: served_by(node) > reached, seconds=30)
    return time.monotonic() - began


def served_by(node):
    """Public requests that this process has answered."""
    text = requests.get(f"http://127.0.0.1:{node.ops_port}/metrics", timeout=10).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("http_server_requests_total"))


def test_a_node_that_drains_says_so_and_ends_its_connections_with_an_answer(pair):
    node = pair[1]
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
    ask = lambda: (connection.request("GET", "/.well-known/openid-configuration"), connection.getresponse())[1]
    first = ask()
    first.read()
    assert first.headers["Connection"] is None

    node.process.send_signal(signal.SIGTERM)
    until(lambda: requests.get(f"http://127.0.0.1:{node.ops_port}/readyz", timeout=5).status_code == 503, seconds=5)
    last = ask()
    fresh = requests.get(f"{node.address}/.well-known/openid-configuration", timeout=5)

    assert last.status == 200 and last.headers["Connection"] == "close"
    assert fresh.status_code == 200 and fresh.headers["Connection"] == "close"
    last.read()
    assert node.process.wait(30) == 0
    node.start()
