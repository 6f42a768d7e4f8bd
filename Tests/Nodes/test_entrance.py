"""The entrance as deploy/ sets it up: port 80 sends everybody on, 443 speaks HTTP/2 with whoever does, and the log has the id of each answer."""

import re
import shutil
import socket
import ssl
import subprocess

import pytest
import requests
from balancer import Balancer, has_ipv6
from servers import eventually

if not shutil.which("haproxy"):
    pytest.skip("HAProxy is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def balancer(nodes, tmp_path_factory):
    running = Balancer(tmp_path_factory.mktemp("haproxy"), nodes)
    yield running
    running.stop()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_port_80_sends_every_request_on_and_asks_no_node(balancer, method):
    address = f"http://127.0.0.1:{balancer.plain_port}/oauth2/authorize?state=a%20b"

    answer = requests.request(method, address, headers={"Host": "bank.example"}, allow_redirects=False, timeout=20)

    # 308 keeps the method and the content.
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://bank.example/oauth2/authorize?state=a%20b")
    assert answer.headers["X-Request-Id"].startswith("req_") and "x-fapi-interaction-id" not in answer.headers


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
@pytest.mark.parametrize("port", ["plain_port", "port", "tls_port"])
def test_clients_come_by_ipv6_too(balancer, port):
    scheme = "http" if port == "plain_port" else "https"
    asked = subprocess.run(
        ["curl", "-gsS", "--cacert", balancer.authority, "-o", "/dev/null", "-w", "%{response_code}",
         f"{scheme}://[::1]:{getattr(balancer, port)}/.well-known/openid-configuration"],
        capture_output=True, text=True, timeout=60)

    assert asked.stdout == ("308" if port == "plain_port" else "200"), asked.stderr


@pytest.mark.parametrize("port", ["port", "tls_port"])
@pytest.mark.parametrize("offered, chosen", [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")])
def test_http_2_is_spoken_with_whoever_offers_it(balancer, port, offered, chosen):
    """RFC 7301 §3.2."""
    context = ssl.create_default_context(cafile=balancer.authority)
    context.set_alpn_protocols(offered.split(","))

    line = socket.create_connection(("127.0.0.1", getattr(balancer, port)), timeout=20)
    with context.wrap_socket(line, server_hostname="localhost") as secured:
        assert secured.selected_alpn_protocol() == chosen


def test_nodes_answer_what_is_asked_over_http_2(balancer):
    assert balancer.curl(20, "/.well-known/openid-configuration") == ["2 200"] * 20


def test_the_log_has_the_id_of_an_answer_that_no_node_gave(balancer):
    with requests.Session() as web:
        answers = [web.get(f"http://127.0.0.1:{balancer.plain_port}/portal?state=secret", allow_redirects=False, timeout=20) for _ in range(2)]

    # One for each request, on one connection too.
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == 2 and all(re.fullmatch("req_[0-9a-f-]{36}", one) for one in ids)
    for line in map(balancer.logged, answers):
        assert " public/<NOSRV> " in line and line.split()[-3:-1] == ["GET", "/portal"]


@pytest.mark.parametrize("port, frontend", [("port", "public"), ("tls_port", "mutual_tls")])
def test_the_log_has_the_id_of_a_nodes_answer(nodes, balancer, port, frontend):
    address = f"https://127.0.0.1:{getattr(balancer, port)}/.well-known/openid-configuration"

    answer = requests.get(address, verify=balancer.authority, timeout=20)

    line = balancer.logged(answer)
    assert answer.status_code == 200 and f" {frontend}~ nodes/node" in line
    # Both logs tell of the same request.
    assert eventually(lambda: any(answer.headers["X-Request-Id"] in node.printed() for node in nodes))
