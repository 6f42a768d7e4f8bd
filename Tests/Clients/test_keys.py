"""Signing keys as operators and other nodes meet them."""

import threading

import pytest
import requests
from conftest import Server, announce_long_ago, engines, eventually, sign_long_ago
from joserfc import jwt
from joserfc.jwk import KeySet


def current(server):
    token = own_token(server, server.app)
    return jwt.decode(token, KeySet.import_key_set(requests.get(f"{server.issuer}/oauth2/jwks").json()), algorithms=["ES256"]).header["kid"]


def own_token(server, app):
    answer = requests.post(
        f"{server.issuer}/oauth2/token", data={"grant_type": "client_credentials"}, auth=(app["client_id"], app["client_secret"]))
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


@pytest.fixture(params=engines())
def node(request):
    server = Server(request.param)
    server.app = server.create_app("Keys", "--grant-types", "client_credentials", "--scopes", "consents.write")
    yield server
    assert server.stop() == 0


def test_a_key_that_was_announced_just_now_does_not_sign(node):
    before = current(node)

    status, _, complaint = node.command("keys", "rotate")

    assert status == 2 and "announced just now" in complaint and "--force" in complaint
    assert current(node) == before


def test_a_second_rotation_waits_for_its_key_and_a_running_server_follows_the_first(node):
    before = current(node)
    announce_long_ago(node)

    first, said, _ = node.command("keys", "rotate")
    second, _, complaint = node.command("keys", "rotate")

    assert first == 0 and second == 2 and "wait until" in complaint
    assert eventually(lambda: current(node) != before)
    assert current(node) in said


def test_a_running_server_rotates_by_itself_when_its_key_has_signed_for_its_lifetime(node):
    token, before = own_token(node, node.app), current(node)
    announce_long_ago(node)
    sign_long_ago(node)

    # Its job looks at the start, and each minute.
    node.process.terminate()
    assert node.process.wait(25) == 0
    node.start()

    assert eventually(lambda: current(node) != before)
    answer = requests.get(f"{node.issuer}/v1/consents/cns_none", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404, answer.text


def test_a_key_that_was_found_out_goes_at_once(node):
    token = own_token(node, node.app)
    call = lambda: requests.get(f"{node.issuer}/v1/consents/cns_none", headers={"Authorization": f"Bearer {token}"}).status_code
    assert call() != 401

    assert node.command("keys", "rotate", "--force")[0] == 0

    assert eventually(lambda: call() == 401)
    assert own_token(node, node.app)


@pytest.mark.skipif("postgres" not in engines(), reason="needs PostgreSQL")
def test_two_nodes_under_load_accept_each_others_tokens_through_five_rotations():
    """So does who verifies outside with a key set of before the rotation: that is what a key is announced for."""
    one = Server("postgres")
    two = Server("postgres", "--issuer", one.issuer, folder=one.folder, database=one.database)
    app = one.create_app("Load", "--grant-types", "client_credentials", "--scopes", "consents.write", "--plan", "unlimited")
    one.app = app
    nodes = [one, two]
    places = [f"http://localhost:{node.port}" for node in nodes]
    published = lambda: KeySet.import_key_set(requests.get(f"{places[0]}/oauth2/jwks").json())
    stopping, failures, checked, kids, remembered = threading.Event(), [], [0, 0, 0], set(), [published()]

    def run(index):
        """Asks one node for a token and takes it to the other at once; verifies it with the key set that was remembered last."""
        session = requests.Session()
        issuing, checking = places[index % 2], places[(index + 1) % 2]
        while not stopping.is_set():
            try:
                token = session.post(
                    f"{issuing}/oauth2/token", data={"grant_type": "client_credentials"}, auth=(app["client_id"], app["client_secret"])).json()["access_token"]
                answer = session.get(f"{checking}/v1/consents/cns_none", headers={"Authorization": f"Bearer {token}"})
                if answer.status_code == 401:
                    failures.append(answer.text)
                kids.add(jwt.decode(token, remembered[-1], algorithms=["ES256"]).header["kid"])
                checked[index] += 1
            except Exception as failure:
                failures.append(repr(failure))

    threads = [threading.Thread(target=run, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    try:
        for round in range(5):
            announce_long_ago(one)
            assert one.command("keys", "rotate")[0] == 0
            before = list(checked)
            assert eventually(lambda: min(now - then for now, then in zip(checked, before)) >= 20), f"the load stood still: {failures[:3]}"
            # The verifier looks again before the next rotation, once the key that comes next is announced.
            known = {key.kid for key in remembered[-1].keys}
            assert eventually(lambda: {key.kid for key in published().keys} - known)
            remembered.append(published())
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
        assert two.stop(keep_folder=True) == 0
        assert one.stop() == 0
    assert failures == []
    assert len(kids) >= 5
