"""Two processes on one SQLite file: for a change of version, or by mistake. They behave as two nodes do; `test_races` has what they may have once."""

import pytest
from conftest import in_turns, until
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
