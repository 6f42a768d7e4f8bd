"""Client certificates behind HAProxy with the configuration of deploy/ (RFC 9440): what the balancer saw, the nodes judge; what a client writes, nobody believes."""

import base64
import shutil

import pytest
import requests
from authorities import Authority, der, pem, self_signed
from balancer import Balancer
from servers import Server

if not shutil.which("haproxy"):
    pytest.skip("HAProxy is not installed", allow_module_level=True)

ADDRESS = "/tls/certificate"


@pytest.fixture(scope="module")
def root():
    return Authority("Bank Root")


@pytest.fixture(scope="module")
def node(root, tmp_path_factory):
    file = tmp_path_factory.mktemp("authorities") / "authorities.pem"
    file.write_bytes(pem(root.certificate))
    running = Server("sqlite", "--trusted-proxies", "127.0.0.1", "--client-cert-proxies", "127.0.0.1", "--client-ca", str(file), "--mtls-base", "https://bank.example:8443")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def balancer(node, tmp_path_factory):
    running = Balancer(tmp_path_factory.mktemp("haproxy"), [node, node])
    yield running
    running.stop()


@pytest.fixture
def ask(balancer, tmp_path):
    """Asks through the balancer with a certificate, on one connection."""
    sessions = []

    def asking(identity=None, **headers):
        session = requests.Session()
        sessions.append(session)
        cert = identity.write(tmp_path) if identity else None
        return session.get(
            f"https://localhost:{balancer.tls_port}{ADDRESS}", cert=cert, verify=balancer.authority, headers=headers, timeout=20).json()
    yield asking
    for session in sessions:
        session.close()


def field(identity):
    return f":{base64.b64encode(der(identity.certificate)).decode()}:"


def test_the_nodes_judge_what_the_balancer_saw(root, ask):
    received = ask(root.issue("acme"))
    assert received["accepted"] is True and received["subject"] == "CN=acme,O=Test" and received["seen_by"] == "proxy"
    assert ask(self_signed("acme"))["refusal"] == "self_signed"
    assert ask(Authority("Bank Root").issue("acme"))["refusal"] == "foreign_issuer"


def test_without_a_certificate_there_is_none(balancer, ask):
    """At either frontend: the nodes see the balancer alone."""
    for received in ask(), balancer.ask(ADDRESS).json():
        assert received["refusal"] == "no_certificate" and received["address"] == "https://bank.example:8443/tls/certificate"
        assert received["detail"].startswith("No certificate came to the proxy in front of us: call https://bank.example:8443/tls/certificate, and name ")


def test_what_a_client_writes_is_removed_at_both_frontends(root, balancer, ask):
    mine, forged = root.issue("mine"), root.issue("forged")

    assert ask(**{"Client-Cert": field(forged)})["refusal"] == "no_certificate"
    assert ask(mine, **{"Client-Cert": field(forged)})["subject"] == "CN=mine,O=Test"
    received = balancer.ask(ADDRESS, headers={"Client-Cert": field(forged), "Client-Cert-Chain": field(forged)})
    assert received.status_code == 200 and received.json()["refusal"] == "no_certificate"
