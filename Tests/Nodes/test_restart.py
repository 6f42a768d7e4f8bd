"""A rolling restart behind HAProxy, as deploy/ sets it up: no request fails."""

import http.client
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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


def test_what_a_killed_node_had_may_have_been_done_and_says_so(pair, balancer):
    with ThreadPoolExecutor() as pool:
        for node in pair:
            node.process.send_signal(signal.SIGSTOP)
        try:
            asked = pool.submit(requests.post, f"{balancer.address}/oauth2/token", data={"grant_type": "client_credentials"}, verify=balancer.authority, timeout=60)
            until(lambda: any(has_unread(node.port) for node in pair), seconds=20)
            holder = next(node for node in pair if has_unread(node.port))
            holder.process.kill()
            holder.process.wait(20)
        finally:
            for node in pair:
                node.process.send_signal(signal.SIGCONT)
        answer = asked.result(60)
    holder.start()

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "application/problem+json")
    assert answer.headers["Retry-After"] == "1" and answer.headers["X-Request-Id"].startswith("req_")
    assert answer.json()["error"] == answer.json()["code"] == "temporarily_unavailable"
    assert "may have been done" in answer.json()["detail"]
    # Who asks us about it names the id of an answer that no node has logged.
    assert " 502 " in balancer.logged(answer)


def has_unread(port):
    """Whether somebody sent this port of the loopback address what its process has not read."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, queues, *_ = line.split()
        if int(local.split(":")[1], 16) == port and state == "01" and int(queues.split(":")[1], 16) > 0:
            return True
    return False


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
