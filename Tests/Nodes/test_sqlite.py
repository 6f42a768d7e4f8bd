"""Two processes on one SQLite file: for a change of version, or by mistake. They behave as two nodes do."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import in_turns, until
from pages import Pages, send_code
from partners import Partner
from servers import Customer, Server


@pytest.fixture(scope="module")
def pair():
    first = Server("sqlite")
    second = Server("sqlite", beside=first)
    yield first, second
    assert second.stop() == 0 and first.stop() == 0


@pytest.fixture
def brian(pair):
    customer = Customer("brian.parent")
    in_turns(customer.browser, pair)
    return customer


def test_they_go_on_with_what_the_other_began_and_hear_of_what_it_ended(pair, brian):
    partner = Partner(pair[0])
    tokens = partner.connect(pair[1], brian)
    call = lambda node: partner.get(node, "/v1/accounts", tokens["access_token"]).status_code
    assert [call(node) for node in pair] == [200, 200]

    assert partner.post(pair[0], "/oauth2/revoke", token=tokens["refresh_token"]).status_code == 200

    assert all(until(lambda: call(node) == 401, seconds=15) is not None for node in pair)


def test_one_code_and_one_quota_unit_are_had_once(pair, brian):
    partner = Partner(pair[0], plan="free")
    code, verifier = partner.code(brian)
    token = partner.token(pair[0])
    gate = threading.Barrier(20)

    def redeem(index):
        gate.wait()
        return partner.exchange(pair[index % 2], code, verifier).status_code

    with ThreadPoolExecutor(20) as pool:
        redeemed = Counter(pool.map(redeem, range(20)))
        called = Counter(pool.map(lambda index: partner.get(pair[index % 2], "/v1/consents", token).status_code, range(1030)))

    assert redeemed == {200: 1, 400: 19}
    assert called == {200: 1000, 429: 30}


def test_a_one_time_code_signs_in_once(pair):
    phone, codes = Pages(pair).turn_on_two_steps("elijah.boomer")
    for code in (phone.code(), codes[0]):
        fields, cookies = Pages(pair).after_password("elijah.boomer")
        gate = threading.Barrier(20)

        def enter(index):
            gate.wait()
            return send_code(pair[index % 2], fields, cookies, code)

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(enter, range(20)))

        assert Counter(signed_in for signed_in, _ in answers) == {True: 1, False: 19}
        time.sleep(max(wait for _, wait in answers))
