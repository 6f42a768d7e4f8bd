"""A rolling restart behind HAProxy, as deploy/ sets it up: no request fails."""

import base64
import http.client
import itertools
import json
import shutil
import signal
import threading
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import requests
from balancer import Balancer
from conftest import in_turns, until
from partners import Partner
from servers import Customer, Server

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


class Load:
    """Clients that keep their connections, as partners do, and some that do not."""

    def __init__(self, port, partner, token, refresh_token, threads=6):
        self.port = port
        basic = {"Authorization": "Basic " + base64.b64encode(f"{partner.client_id}:{partner.secret}".encode()).decode()}
        bearer = {"Authorization": f"Bearer {token}"}
        consent = {"type": "account_access", "permissions": ["ReadAccountsBasic"], "expires_at": (datetime.now(timezone.utc) + timedelta(days=30)).isoformat()}
        form = lambda **fields: (urlencode(fields), {**basic, "Content-Type": "application/x-www-form-urlencoded"})
        self.requests = [
            ("GET", "/v1/consents", None, bearer),
            ("POST", "/oauth2/token", *form(grant_type="client_credentials")),
            ("POST", "/oauth2/token", *form(grant_type="refresh_token", refresh_token=refresh_token)),
            ("POST", "/v1/consents", json.dumps(consent), {**bearer, "Content-Type": "application/json"}),
            ("POST", "/oauth2/introspect", *form(token=token)),
            ("GET", "/portal/sign-in", None, {}),
        ]
        self.answers, self.failures, self.lock, self.done = Counter(), [], threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(index,)) for index in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, index):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        turn = itertools.cycle(self.requests[index:] + self.requests[:index])
        while not self.done.is_set():
            method, path, content, headers = next(turn)
            try:
                connection.request(method, path, content, headers)
                answer = connection.getresponse()
                body = answer.read()
                with self.lock:
                    self.answers[answer.status // 100 * 100] += 1
                    if answer.status not in (200, 201):
                        self.failures.append((method, path, answer.status, body[:200]))
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.failures.append(repr(error))
                connection.close()
            if index % 3 == 1:
                connection.close()

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


class Connections:
    """A customer who connects an app without a secret, in a browser, again and again; and its refresh tokens, which change at each use."""

    def __init__(self, port, node):
        self.front = SimpleNamespace(address=f"http://127.0.0.1:{port}", issuer=node.issuer)
        self.partner = Partner(node, "Phone", public=True)
        self.customer = Customer("brian.parent")
        in_turns(self.customer.browser, [self.front])
        self.made, self.failures, self.done = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.done.is_set():
            try:
                tokens = self.partner.connect(self.front, self.customer)
                for _ in range(3):
                    answer = self.partner.refresh(self.front, tokens["refresh_token"])
                    assert answer.status_code == 200, answer.text
                    tokens = answer.json()
                assert self.partner.get(self.front, "/v1/accounts", tokens["access_token"]).status_code == 200
                self.made += 1
            except Exception as failure:
                self.failures.append(repr(failure))

    def end(self):
        self.done.set()
        self.thread.join()


def test_restarting_one_node_after_the_other_fails_no_request(pair, balancer):
    partner = Partner(pair[0])
    refresh_token = partner.connect(pair[0], Customer("amina.traveler"))["refresh_token"]
    load = Load(balancer.port, partner, partner.token(pair[0]), refresh_token)
    connections = Connections(balancer.port, pair[0])
    until(lambda: load.answers[200] > 50 and connections.made > 1, seconds=60)

    took = []
    for node in pair:
        began = time.monotonic()
        node.process.terminate()
        assert node.process.wait(60) == 0, node.printed()
        node.start()
        # The balancer must have taken it back before the other may go.
        reached = served_by(node)
        until(lambda: served_by(node) > reached, seconds=30)
        took.append(time.monotonic() - began)
    reached = load.answers[200], connections.made
    until(lambda: load.answers[200] > reached[0] + 50 and connections.made > reached[1], seconds=60)
    load.end()
    connections.end()

    print(
        f"{sum(load.answers.values())} requests, {len(load.failures)} failed; {connections.made} connections, {len(connections.failures)} failed; "
        f"each restart {', '.join(f'{t:.1f} s' for t in took)}")
    assert load.failures == connections.failures == []


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
