"""One-shot things, asked for at once at two nodes, on PostgreSQL and on one SQLite file: one wins."""

import json
import os
import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests
from conftest import deployment
from joserfc.jwk import ECKey
from pages import Pages, send_code
from partners import Partner, PayingPartner
from proofs import Proofs, assertion
from servers import FormParser, engines

ROUNDS = range(int(os.environ.get("WEKEZA_ROUNDS", "5")))
AT_ONCE = 50


@pytest.fixture(scope="module", params=engines())
def nodes(request):
    """Two processes on one database. On SQLite what was used once is in a journal of files that both read and lock."""
    yield from deployment(request.param)


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
def keyed(nodes, tmp_path_factory):
    """A partner that proves itself by assertions, with its key."""
    key = ECKey.generate_key("P-256", {"kid": "partner-1"})
    keys = tmp_path_factory.mktemp("keys") / "jwks.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    app = nodes[0].create_app(
        "Keyed", "--auth-method", "private_key_jwt", "--jwks", str(keys), "--grant-types", "client_credentials", "--scopes", "consents.write",
        "--plan", "unlimited")
    return app["client_id"], key


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_uses_of_an_assertion_authenticates(nodes, keyed, crowd, round):
    """RFC 7523 §3: the jti, CA-15."""
    fields = {"grant_type": "client_credentials"} | assertion(keyed[1], keyed[0], nodes[0].issuer)

    answers = together(crowd, nodes, lambda node: requests.post(f"{node.address}/oauth2/token", data=fields, timeout=20))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: AT_ONCE - 1}
    assert {answer.json()["error_description"] for answer in answers if answer.status_code == 401} == {"The client_assertion was used before."}


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_uses_of_a_proof_binds_a_token(nodes, crowd, round):
    """RFC 9449 §11.1 at the token endpoint, DP-08."""
    partner, proofs = Partner(nodes[0]), Proofs()
    proof = proofs.make("POST", f"{nodes[0].issuer}/oauth2/token")

    def ask(node):
        return requests.post(
            f"{node.address}/oauth2/token", data={"grant_type": "client_credentials", "scope": "consents.write"}, headers={"DPoP": proof},
            auth=(partner.client_id, partner.secret), timeout=20)
    answers = together(crowd, nodes, ask)

    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_dpop_proof"}


def test_of_a_thousand_proofs_that_both_nodes_note_at_once_none_works_at_the_other(nodes, crowd):
    """RFC 9449 §11.1: what two processes write down at the same moment, neither loses."""
    partner, proofs = Partner(nodes[0]), Proofs()
    made = [proofs.make("POST", f"{nodes[0].issuer}/oauth2/token") for _ in range(1000)]

    def used(turn):
        def use(index):
            return requests.post(
                f"{nodes[(index + turn) % 2].address}/oauth2/token", data={"grant_type": "client_credentials", "scope": "consents.write"},
                headers={"DPoP": made[index]}, auth=(partner.client_id, partner.secret), timeout=20).status_code
        return Counter(crowd.map(use, range(len(made))))

    assert used(turn=0) == {200: 1000}
    assert used(turn=1) == {400: 1000}


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_uses_of_a_proof_reads(nodes, crowd, round):
    """RFC 9449 §11.1 at the API, DP-08."""
    partner, proofs = Partner(nodes[0]), Proofs()
    token = requests.post(
        f"{nodes[0].address}/oauth2/token", data={"grant_type": "client_credentials", "scope": "consents.write"},
        headers={"DPoP": proofs.make("POST", f"{nodes[0].issuer}/oauth2/token")}, auth=(partner.client_id, partner.secret)).json()["access_token"]
    headers = {"Authorization": f"DPoP {token}", "DPoP": proofs.make("GET", f"{nodes[0].issuer}/v1/consents", token)}

    answers = together(crowd, nodes, lambda node: requests.get(f"{node.address}/v1/consents", headers=headers, timeout=20))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: AT_ONCE - 1}
    assert all('error="invalid_dpop_proof"' in answer.headers["WWW-Authenticate"] for answer in answers if answer.status_code == 401)


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_tabs_with_one_request_uri_gets_a_code(nodes, amina, crowd, round):
    """RFC 9126 §4: the reference is spent by the answer, PA-10."""
    partner = Partner(nodes[0])
    asked = dict(parse_qs(urlsplit(partner.authorization(scope="openid")[0]).query))
    pushed = partner.post(nodes[0], "/oauth2/par", **{name: values[0] for name, values in asked.items()}).json()["request_uri"]
    address = f"{nodes[0].issuer}/oauth2/authorize?{urlencode({'client_id': partner.client_id, 'request_uri': pushed})}"
    page = amina.follow(amina.browser.get(address, allow_redirects=False))
    amina.follow(amina.submit(page, "password", {"username": amina.name, "password": amina.password}))
    tabs = []
    for _ in range(AT_ONCE):
        page = amina.follow(amina.browser.get(address, allow_redirects=False))
        parser = FormParser()
        parser.feed(page.text)
        form = next(form for form in parser.forms if "/oauth2/authorize" in form["action"])
        tabs.append((urlsplit(urljoin(page.url, form["action"])), dict(form["fields"]) | {"decision": "approve"}))
    cookies = amina.browser.cookies.get_dict()

    def answer(node):
        target, fields = tabs.pop()
        sent = requests.post(
            node.address + target.path + (f"?{target.query}" if target.query else ""), data=fields, cookies=cookies,
            headers={"Origin": node.issuer}, allow_redirects=False, timeout=20)
        assert sent.status_code < 500, sent.text
        return parse_qs(urlsplit(sent.headers.get("Location", "")).query).get("code")
    codes = together(crowd, nodes, answer)

    assert len([code for code in codes if code]) == 1


PEOPLE = ["diana.student", "brian.parent", "chao.digital", "elijah.boomer"]


@pytest.fixture(scope="module")
def with_phone(nodes):
    """Customers with a phone and recovery codes: another one each round, because a phone has three codes to begin with."""
    known = {}

    def of(round):
        name = PEOPLE[round % len(PEOPLE)]
        if name not in known:
            known[name] = Pages(nodes).turn_on_two_steps(name)
        return name, *known[name]
    return of


def one_signs_in(crowd, nodes, name, code):
    fields, cookies = Pages(nodes).after_password(name)

    answers = together(crowd, nodes, lambda node: send_code(node, fields, cookies, code))

    assert Counter(signed_in for signed_in, _ in answers) == {True: 1, False: AT_ONCE - 1}
    # The others were wrong, and slow the next one down.
    time.sleep(max(wait for _, wait in answers))


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_uses_of_a_one_time_code_signs_in(nodes, with_phone, crowd, round):
    name, phone, _ = with_phone(round)

    one_signs_in(crowd, nodes, name, phone.code())


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_uses_of_a_recovery_code_signs_in(nodes, with_phone, crowd, round):
    name, _, codes = with_phone(round)

    one_signs_in(crowd, nodes, name, codes[round])


@pytest.mark.parametrize("round", ROUNDS)
def test_fifty_lodgings_with_one_key_are_one_consent(nodes, crowd, round):
    partner = Partner(nodes[0])
    headers = {"Authorization": f"Bearer {partner.token(nodes[0])}", "Idempotency-Key": f"one-{round}"}
    end = (datetime.now(timezone.utc) + timedelta(days=30)).isoformat(timespec="seconds")
    consent = {"type": "account_access", "permissions": ["ReadAccountsBasic"], "expires_at": end}
    ask = lambda node: requests.post(f"{node.address}/v1/consents", json=consent, headers=headers, timeout=20)

    answers = together(crowd, nodes, ask)

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_in_flight"}
    lodged = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    again = ask(nodes[1])
    assert (again.headers["Idempotency-Replayed"], {again.json()["id"]}) == ("true", lodged)
    assert [consent["id"] for consent in partner.get(nodes[1], "/v1/consents", partner.token(nodes[1])).json()["data"]] == list(lodged)


@pytest.fixture(scope="module")
def payer(nodes):
    return PayingPartner(nodes[0])


@pytest.mark.parametrize("round", ROUNDS)
def test_fifty_payments_with_one_key_are_one(nodes, payer, amina, crowd, round):
    """PY-05."""
    consent, token = payer.approved(nodes[0], amina)

    answers = together(crowd, nodes, lambda node: payer.pay(node, consent, token, f"one-{round}"))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_in_flight"}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert payer.payments(nodes[1]).count(consent) == 1
    assert payer.pay(nodes[1], consent, token, f"one-{round}").headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("round", ROUNDS)
def test_one_of_fifty_keys_on_one_consent_pays(nodes, payer, amina, crowd, round):
    """PY-06."""
    consent, token = payer.approved(nodes[0], amina)

    answers = together(crowd, nodes, lambda node: payer.pay(node, consent, token, secrets.token_hex(8)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 403: AT_ONCE - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 403} == {"consent_consumed"}
    assert payer.payments(nodes[1]).count(consent) == 1
