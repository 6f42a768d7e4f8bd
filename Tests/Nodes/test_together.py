"""What one node begins, another goes on with; what is ended at one, ends at the other: two processes on PostgreSQL, and two on one SQLite file."""

import re
import threading
import time

import pytest
import requests
from conftest import deployment, served, until
from hearing import heard
from joserfc import jws, jwt
from joserfc.jwk import KeySet
from pages import Pages
from partners import Partner
from servers import announce_long_ago, engines


@pytest.fixture(scope="module", params=engines())
def nodes(request):
    yield from deployment(request.param)


@pytest.fixture(scope="module")
def partner(nodes):
    return Partner(nodes[0], organisation="acme-budget")


@pytest.fixture
def developer(nodes):
    pages = Pages(nodes)
    pages.send(pages.open("/portal/sign-in"), "/portal/sign-in", username="developer@example.test", password="sandbox-developer")
    return pages


def test_a_code_issued_by_one_is_redeemed_by_the_other(nodes, partner, amina):
    first, second = nodes
    code, verifier = partner.code(amina)

    answer = partner.exchange(second, code, verifier)
    again = partner.exchange(first, code, verifier)

    assert answer.status_code == 200
    assert again.status_code == 400 and again.json()["error"] == "invalid_grant"


def test_sessions_forms_and_authorizations_under_way_go_from_node_to_node(nodes, partner, amina):
    """The request, the sign-in page, its form, the consent page and its form, each at the node that did not answer the one before."""
    turns = amina.browser.get_adapter(nodes[0].issuer)

    tokens = partner.connect(nodes[0], amina)
    steps = turns.sent

    assert steps >= 5 and tokens["access_token"]
    # The session that began there is known to both.
    pages = Pages(nodes)
    pages.send(pages.open("/my/sign-in"), "/my/sign-in", username="amina.traveler", password="sandbox")
    assert [pages.open("/my").url for _ in nodes] == [nodes[0].issuer + "/my"] * 2


def test_a_token_of_one_is_verified_by_the_other(nodes, partner, amina):
    for node, other in (nodes, nodes[::-1]):
        tokens = partner.connect(node, amina)
        assert partner.get(other, "/v1/accounts", tokens["access_token"]).status_code == 200
        assert partner.refresh(other, tokens["refresh_token"]).status_code == 200


def test_the_customer_stops_a_connection(nodes, partner, amina):
    first, second = nodes
    tokens = partner.connect(first, amina)
    call = lambda node: partner.get(node, "/v1/accounts", tokens["access_token"])
    assert call(second).status_code == 200
    customer = Pages([first])
    customer.send(customer.open("/my/sign-in"), "/my/sign-in", username="amina.traveler", password="sandbox")
    consent = partner.post(first, "/oauth2/introspect", token=tokens["access_token"]).json()["consent_id"]

    customer.send(customer.open("/my"), f"/my/consents/{consent}/stop")
    stopped = time.monotonic()

    assert [answer.json()["code"] for answer in heard(nodes, call, 403, stopped)] == ["consent_revoked"] * 2
    assert partner.refresh(second, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_partner_deletes_the_consent(nodes, partner, amina):
    first, second = nodes
    tokens = partner.connect(first, amina)
    call = lambda node: partner.get(node, "/v1/accounts", tokens["access_token"])
    assert call(second).status_code == 200
    consent = partner.post(first, "/oauth2/introspect", token=tokens["access_token"]).json()["consent_id"]

    answer = requests.delete(f"{first.address}/v1/consents/{consent}", headers={"Authorization": f"Bearer {partner.token(first)}"})
    deleted = time.monotonic()

    assert answer.status_code == 204
    assert [answer.json()["code"] for answer in heard(nodes, call, 403, deleted)] == ["consent_revoked"] * 2


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_the_partner_revokes_a_token(nodes, partner, amina, kind):
    first, second = nodes
    tokens = partner.connect(first, amina)
    call = lambda node: partner.get(node, "/v1/accounts", tokens["access_token"])
    assert call(second).status_code == 200

    answer = partner.post(first, "/oauth2/revoke", token=tokens[kind])
    revoked = time.monotonic()

    assert answer.status_code == 200
    assert all("WWW-Authenticate" in answer.headers for answer in heard(nodes, call, 401, revoked))
    assert partner.post(second, "/oauth2/introspect", token=tokens["access_token"]).json() == {"active": False}


def test_the_developer_removes_the_app(nodes, developer, amina):
    partner = Partner(nodes[0], "Short-lived", organisation="acme-budget")
    tokens = partner.connect(nodes[0], amina)
    call = lambda node: partner.get(node, "/v1/accounts", tokens["access_token"])
    ask_token = lambda node: partner.post(node, "/oauth2/token", grant_type="client_credentials", scope="consents.write")
    assert [ask(node).status_code for ask in (call, ask_token) for node in nodes] == [200] * 4

    path = f"/portal/apps/{partner.app['app_id']}/remove"
    developer.send(developer.open(path), path, name="Short-lived")
    removed = time.monotonic()

    heard(nodes, call, 401, removed)
    assert [answer.json()["error"] for answer in heard(nodes, ask_token, 401, removed)] == ["invalid_client"] * 2


def test_the_developer_revokes_a_secret(nodes, developer):
    partner = Partner(nodes[0], "Two secrets", organisation="acme-budget")
    call = lambda node: partner.post(node, "/oauth2/token", grant_type="client_credentials", scope="consents.write")
    assert [call(node).status_code for node in nodes] == [200, 200]
    app = f"/portal/apps/{partner.app['app_id']}"
    developer.send(developer.open(app), f"{app}/secrets")
    page = developer.open(app).text
    path = re.search(rf'href="([^"]*/revoke)">Revoke <span[^>]*>the secret ending {re.escape(partner.secret[-4:])}<', page).group(1)

    developer.send(developer.open(path), path)
    revoked = time.monotonic()

    assert [answer.json()["error"] for answer in heard(nodes, call, 401, revoked)] == ["invalid_client"] * 2


def test_an_app_made_by_the_command_line_works_at_once_everywhere(nodes):
    partner = Partner(nodes[1], "Just made")

    for node in nodes:
        token = partner.token(node)
        assert [partner.get(other, "/v1/consents", token).status_code for other in nodes] == [200, 200]


def test_rotated_keys_are_used_by_all_and_no_verification_fails_meanwhile(nodes, partner):
    first, second = nodes
    kid = lambda token: jws.extract_compact(token.encode()).headers()["kid"]
    before = {kid(partner.token(node)) for node in nodes}
    failures, calls, done = [], [0], threading.Event()

    def verify():
        """Tokens of each node at the other, and against the published keys, as a resource server does that looks them up."""
        while not done.is_set():
            for issuer, verifier in (nodes, nodes[::-1]):
                token = partner.token(issuer)
                answer = partner.get(verifier, "/v1/consents", token)
                keys = requests.get(f"{verifier.address}/oauth2/jwks", timeout=10).json()
                if answer.status_code != 200 or kid(token) not in {key["kid"] for key in keys["keys"]}:
                    failures.append((answer.status_code, answer.text, kid(token)))
                jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"])
                calls[0] += 1

    threads = [threading.Thread(target=verify) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: calls[0] > 10, seconds=30)
    announce_long_ago(first)
    first.run("keys", "rotate")
    took = until(lambda: not before & {kid(partner.token(node)) for node in nodes}, seconds=15)
    reached = calls[0]
    until(lambda: calls[0] > reached + 20, seconds=30)
    done.set()
    for thread in threads:
        thread.join()

    print(f"both sign with the new key after {took * 1000:.0f} ms; {calls[0]} verifications meanwhile")
    assert failures == []
    keys = [{key["kid"] for key in answer.json()["keys"]} for answer in served("/oauth2/jwks", *nodes)]
    assert keys[0] == keys[1] and before <= keys[0]
