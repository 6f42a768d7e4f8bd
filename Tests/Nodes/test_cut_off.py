"""A node that does not reach the database says so rather than trust what it remembers, and recovers by itself."""

import shutil
import time
from urllib.parse import urlsplit

import pytest
import requests
from balancer import Balancer
from conftest import until
from fault_proxy import FaultProxy
from partners import Partner
from servers import Server


@pytest.fixture(scope="module")
def line(nodes):
    address = urlsplit(nodes[0].database)
    proxy = FaultProxy(address.hostname, address.port or 5432)
    yield proxy
    proxy.close()


def beyond(line, nodes):
    """A node whose way to the database is the line."""
    address = urlsplit(nodes[0].database)
    return Server("postgres", beside=nodes[0], database=address._replace(netloc=f"{address.username}@127.0.0.1:{line.port}").geturl())


@pytest.fixture(scope="module")
def far(nodes, line):
    node = beyond(line, nodes)
    yield node
    assert node.stop() == 0


def readiness(node):
    return requests.get(f"http://127.0.0.1:{node.ops_port}/readyz", timeout=20).status_code


@pytest.mark.parametrize("fault, mend", [("cut", "mend"), ("silence", "speak")])
def test_a_node_cut_off_answers_503_and_recovers(nodes, line, far, amina, fault, mend):
    partner = Partner(nodes[0])
    tokens = partner.connect(nodes[0], amina)
    call = lambda node: partner.get(node, "/v1/consents", client_token)
    client_token = partner.token(nodes[0])
    look = lambda node: partner.get(node, "/v1/accounts", tokens["access_token"])
    looks = []

    def look_again():
        """Notes how many seconds after the deletion the request was sent, and its status."""
        sent = time.monotonic() - gone
        looks.append((sent, look(far).status_code))
        return looks[-1]

    assert look(far).status_code == 200 and call(far).status_code == 200

    getattr(line, fault)()
    took = until(lambda: look(far).status_code == 503, seconds=20)
    refused = [look(far), call(far), partner.refresh(far, tokens["refresh_token"]), partner.post(far, "/oauth2/token", grant_type="client_credentials")]
    # Revoked while it does not hear of it: it must not answer from memory afterwards either.
    consent = partner.post(nodes[0], "/oauth2/introspect", token=tokens["access_token"]).json()["consent_id"]
    deleted = requests.delete(f"{nodes[0].address}/v1/consents/{consent}", headers={"Authorization": f"Bearer {client_token}"}, timeout=20)
    gone = time.monotonic()
    unready = readiness(far)
    _, still = look_again()
    near = call(nodes[0]).status_code
    getattr(line, mend)()
    back = until(lambda: look_again()[1] != 503 and readiness(far) == 200 and call(far).status_code == 200, seconds=30)
    # A short cut leaves what it remembers within its second: that has to be over.
    until(lambda: look_again()[1] == 403 and looks[-1][0] > 1.5)

    print(f"{fault}: 503 after {took * 1000:.0f} ms, served again {back * 1000:.0f} ms after the line was mended")
    assert [answer.status_code for answer in refused] == [503] * 4
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert (deleted.status_code, unready, still, near) == (204, 503, 503, 200)
    # Then it has heard of the deletion, or says that it cannot know.
    assert {status for sent, status in looks if sent > 1} <= {403, 503}, looks
    statuses = [status for _, status in looks]
    assert 200 not in statuses[statuses.index(403):], "it had heard of the deletion, and forgot"
    assert look(far).json()["code"] == "consent_revoked"


@pytest.mark.parametrize("fault, mend", [("cut", "mend"), ("silence", "speak")])
def test_what_a_node_remembers_is_trusted_for_a_second_at_most(nodes, line, far, fault, mend):
    """Tokens for an app's own, which take nothing from the database. What tells is when a request was sent, however slow the machine is."""
    partner = Partner(nodes[0])
    ask = lambda: partner.post(far, "/oauth2/token", grant_type="client_credentials", scope="consents.write").status_code
    assert [ask() for _ in range(3)] == [200] * 3
    early, late = [], []

    getattr(line, fault)()
    cut = time.monotonic()
    while len(late) < 3:
        sent = time.monotonic() - cut
        (early if sent <= 1 else late).append((ask(), sent))
    getattr(line, mend)()
    until(lambda: ask() == 200, seconds=30)

    print(f"{fault}: {len(early)} within the second, the last one from memory {max([sent for status, sent in early if status == 200], default=0) * 1000:.0f} ms after it")
    assert [status for status, _ in late] == [503] * 3


def test_connections_that_the_database_ends_are_opened_again(nodes, line, far):
    """As when the server restarts quickly: what had not reached its commit runs again on a new connection, unless that is refused for a moment."""
    partner = Partner(nodes[0])
    token = partner.token(nodes[0])
    ask = lambda: partner.get(far, "/v1/consents", token).status_code
    assert ask() == 200
    firsts = []

    for _ in range(5):
        line.cut()
        line.mend()
        firsts.append(ask())
        until(lambda: ask() == 200, seconds=20)

    print(f"first answers {firsts}")
    assert set(firsts) <= {200, 503}


@pytest.mark.skipif(not shutil.which("haproxy"), reason="HAProxy is not installed")
def test_behind_the_balancer_nodes_without_a_database_answer_what_needs_none(nodes, line, tmp_path):
    node = beyond(line, nodes)
    balancer = Balancer(tmp_path, [node])
    ask = lambda path, **headers: balancer.ask(path, headers=headers)
    try:
        line.cut()
        until(lambda: "Server nodes/node1 is DOWN" in balancer.printed(), seconds=20)
        keys = ask("/oauth2/jwks")
        waiting = ask("/v1/consents", Authorization=f"Bearer {Partner(nodes[0]).token(nodes[0])}")
        line.mend()
        until(lambda: "Server nodes/node1 is UP" in balancer.printed(), seconds=20)
        assert node.stop() == 0
        until(lambda: "Server nodes_alive/node1 is DOWN" in balancer.printed(), seconds=20)
        nobody = ask("/v1/consents")
        page = ask("/", Accept="text/html,application/xhtml+xml")
    finally:
        balancer.stop()

    assert keys.status_code == 200 and keys.json()["keys"]
    assert (waiting.status_code, waiting.json()["code"]) == (503, "temporarily_unavailable")
    assert (nobody.status_code, nobody.headers["Content-Type"]) == (503, "application/problem+json")
    assert nobody.json()["code"] == nobody.json()["error"] == "temporarily_unavailable"
    assert page.status_code == 503 and "<h1>Back in a moment</h1>" in page.text
    assert all(answer.headers["Retry-After"] == "1" for answer in (waiting, nobody, page))
