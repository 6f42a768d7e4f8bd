"""Whose address two nodes see behind HAProxy, as deploy/ sets them up, and what apps with a list of addresses make of it.

HAProxy calls the nodes from 127.0.0.1, the only proxy they trust. Clients have other addresses of the same machine."""

import json
import re
import shutil
import time

import pytest
import requests
from balancer import Balancer
from conftest import until
from hearing import heard
from pages import Pages
from requests.adapters import HTTPAdapter
from servers import Server

CLIENT, STRANGER = "127.0.0.2", "127.0.0.3"

if not shutil.which("haproxy"):
    pytest.skip("HAProxy is not installed", allow_module_level=True)


class Bound(HTTPAdapter):
    """Calls from one address of this machine."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self.address, 0), **options)


class Backend:
    """A partner's server with one address and an app's credentials."""

    def __init__(self, address, app):
        self.credentials = app["client_id"], app["client_secret"]
        self.web = requests.Session()
        # What authorities the machine's environment names is not asked.
        self.web.trust_env = False
        for scheme in "http://", "https://":
            self.web.mount(scheme, Bound(address))

    def ask_token(self, entrance, **headers):
        return self.web.post(
            f"{self.place(entrance)}/oauth2/token", data={"grant_type": "client_credentials"}, auth=self.credentials, headers=headers, timeout=20)

    def call(self, entrance, token, **headers):
        return self.web.get(f"{self.place(entrance)}/v1/consents", headers={"Authorization": f"Bearer {token}"} | headers, timeout=20)

    def place(self, entrance):
        """The balancer's address, or that of a node in the family that this server calls in."""
        self.web.verify = getattr(entrance, "authority", True)
        return entrance.address.replace("localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def trusting():
    first = Server("postgres", "--trusted-proxies", "127.0.0.1")
    second = Server("postgres", "--trusted-proxies", "127.0.0.1", beside=first)
    yield first, second
    assert second.stop() == 0 and first.stop() == 0


@pytest.fixture(scope="module")
def balancer(trusting, tmp_path_factory):
    running = Balancer(tmp_path_factory.mktemp("haproxy"), trusting)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def app(trusting):
    return trusting[0].create_app("Listed", "--organisation", "acme-budget", "--allow-from", CLIENT)


def logged(node, answer):
    """The client's address in the line of this request, or None while the node has not written it or another node served it."""
    lines = [line for line in node.printed().splitlines() if answer.headers["X-Request-Id"] in line and '"client.ip"' in line]
    return json.loads(lines[0])["client.ip"] if lines else None


def test_both_nodes_see_the_client_behind_the_balancer(trusting, balancer, app):
    backend, served = Backend(CLIENT, app), set()

    def asked():
        answer = backend.ask_token(balancer)
        assert answer.status_code == 200, answer.text
        until(lambda: any(logged(node, answer) for node in trusting))
        for index, node in enumerate(trusting):
            address = logged(node, answer)
            assert address in (None, CLIENT)
            if address:
                served.add(index)
        return served == {0, 1}

    until(asked, seconds=30)
    token = backend.ask_token(balancer).json()["access_token"]
    assert backend.call(balancer, token).status_code == 200


def test_a_stranger_behind_the_balancer_is_refused_by_its_own_address(trusting, balancer, app):
    token = Backend(CLIENT, app).ask_token(balancer).json()["access_token"]
    stranger = Backend(STRANGER, app)

    refused = stranger.ask_token(balancer)
    call = stranger.call(balancer, token)

    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    assert refused.json()["error_description"] == f"The app may not call from {STRANGER}."
    assert (call.status_code, call.json()["code"]) == (403, "address_not_allowed")
    assert call.json()["errors"][0]["got"] == STRANGER
    metrics = [requests.get(f"http://127.0.0.1:{node.ops_port}/metrics", timeout=10).text for node in trusting]
    assert any(re.search(r'^gateway_decisions_total\{[^}]*rule="address"', text, re.MULTILINE) for text in metrics)


@pytest.mark.parametrize("forged", [CLIENT, f"{CLIENT}, 127.0.0.1", f"{CLIENT}:80", f"{CLIENT}, unknown"])
def test_a_forged_header_changes_nothing_through_the_balancer_or_past_it(trusting, balancer, app, forged):
    token = Backend(CLIENT, app).ask_token(balancer).json()["access_token"]
    stranger = Backend(STRANGER, app)

    for entrance in (balancer, *trusting):
        refused = stranger.ask_token(entrance, **{"X-Forwarded-For": forged})
        call = stranger.call(entrance, token, **{"X-Forwarded-For": forged})
        assert refused.json().get("error_description") == f"The app may not call from {STRANGER}."
        assert call.status_code == 403 and call.json()["errors"][0]["got"] == STRANGER
    assert Backend(CLIENT, app).ask_token(balancer, **{"X-Forwarded-For": STRANGER}).status_code == 200


def test_a_list_changed_at_one_node_holds_at_the_other(trusting, app):
    first, second = trusting
    stranger = Backend(STRANGER, app)
    developer = Pages([first])
    developer.send(developer.open("/portal/sign-in"), "/portal/sign-in", username="developer@example.test", password="sandbox-developer")
    path = f"/portal/apps/{app['app_id']}/edit"
    edit = lambda addresses: developer.send(developer.open(path), path, name="Listed", redirect_uris="", allowed_addresses=addresses)
    token = Backend(CLIENT, app).ask_token(second).json()["access_token"]
    assert [stranger.ask_token(second).status_code, stranger.call(second, token).status_code] == [400, 403]

    edit(f"{CLIENT}\n{STRANGER}/32")
    changed = time.monotonic()
    heard(trusting, stranger.ask_token, 200, changed)
    heard(trusting, lambda node: stranger.call(node, token), 200, changed)

    edit(CLIENT)
    changed = time.monotonic()
    heard(trusting, lambda node: stranger.call(node, token), 403, changed)
    heard(trusting, stranger.ask_token, 400, changed)
