"""One-shot things, asked for at once at two nodes: one wins."""

import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from pages import Pages, send_code
from partners import Partner

ROUNDS = range(int(os.environ.get("WEKEZA_ROUNDS", "1")))
AT_ONCE = 50


@pytest.fixture(scope="module")
def crowd():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool


def together(crowd, nodes, ask):
    """Fifty askings at the same moment, half of them at each node."""
    gate = threading.Barrier(AT_ONCE)

    def go(index):
        gate.wait()
        return ask(nodes[index % len(nodes)])

    return list(crowd.map(go, range(AT_ONCE)))


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_redemptions_of_a_code_succeeds(nodes, amina, crowd, round):
    partner = Partner(nodes[0])
    code, verifier = partner.code(amina)

    answers = together(crowd, nodes, lambda node: partner.exchange(node, code, verifier))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}


@pytest.mark.parametrize("round", ROUNDS)
def test_fifty_refreshes_of_one_generation_make_one_successor(nodes, amina, crowd, round):
    partner = Partner(nodes[0], public=True)
    token = partner.connect(nodes[0], amina, scope="openid accounts.read")["refresh_token"]

    answers = together(crowd, nodes, lambda node: partner.refresh(node, token))

    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1 and token not in successors
    assert partner.refresh(nodes[1], successors.pop()).status_code == 200


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_calls_gets_the_last_unit(nodes, crowd, round):
    partner = Partner(nodes[0], plan="free")
    token = partner.token(nodes[0])
    spent = crowd.map(lambda index: partner.get(nodes[index % 2], "/v1/consents", token).status_code, range(999))
    assert set(spent) == {200}

    answers = together(crowd, nodes, lambda node: partner.get(node, "/v1/consents", token))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 429: AT_ONCE - 1}
    assert all(0 < int(answer.headers["Retry-After"]) <= 86400 for answer in answers if answer.status_code == 429)


@pytest.fixture(scope="module")
def diana(nodes):
    """A customer with a phone and recovery codes."""
    return Pages(nodes).turn_on_two_steps("diana.student")


def one_signs_in(crowd, nodes, code):
    fields, cookies = Pages(nodes).after_password("diana.student")

    answers = together(crowd, nodes, lambda node: send_code(node, fields, cookies, code))

    assert Counter(signed_in for signed_in, _ in answers) == {True: 1, False: AT_ONCE - 1}
    # The others were wrong, and slow the next one down.
    time.sleep(max(wait for _, wait in answers))


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_uses_of_a_one_time_code_signs_in(nodes, diana, crowd, round):
    phone, _ = diana

    one_signs_in(crowd, nodes, phone.code())


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_uses_of_a_recovery_code_signs_in(nodes, diana, crowd, round):
    _, codes = diana

    one_signs_in(crowd, nodes, codes[round])
