"""A payment from the app's wish to the money's arrival: its customer sees and approves exactly it, staff decides where the rules doubt it, everybody sees what became of it."""

import json
import socket
import sys
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from conftest import Server, check, sign_in
from relying_parties import registered

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from servers import Customer, eventually  # noqa: E402


@pytest.fixture(scope="module")
def server():
    """Money moves here that other tests count."""
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="module")
def relying_party(server):
    with registered(server, "Jamii Rent", "--organisation", "acme-budget") as party:
        yield party


def bill(amount="1250.00", name="Kenya Power", reference="Bill 77", account="KPLC-882-001"):
    return {"amount": {"amount": amount, "currency": "KES"}, "creditor": {"name": name, "account": account}, "reference": reference}


def approve_by(customer, party, address):
    """The customer approves with their first account. Leaves the party with the token for it."""
    requests.get(customer.decide(address), timeout=10)
    assert party.exchange().status_code == 200


def approved(party, customer, payment):
    consent = party.lodge_payment(payment)
    approve_by(customer, party, party.authorize_address(consent, type="payment"))
    return consent


def settled(party, payment_id):
    """Money to another bank arrives by itself, some seconds later."""
    assert eventually(lambda: party.payment(payment_id)["status"] == "settled")


def test_a_customer_sees_approves_and_finds_a_payment(page, server, relying_party):
    payment = bill(reference="Bill 77, October")
    consent = relying_party.lodge_payment(payment)
    page.goto(relying_party.authorize_address(consent, type="payment"))
    sign_in(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks to pay KES 1,250.00")
    facts = page.locator("dl", has_text="Amount")
    for text in ("KES 1,250.00", "Kenya Power", "KPLC-882-001", "Bill 77, October"):
        expect(facts).to_contain_text(text)
    choices = page.get_by_role("radio")
    assert choices.count() >= 2 and not any(choice.is_checked() for choice in choices.all())
    expect(page.get_by_text("Cannot pay this: it holds USD, not KES.")).to_be_visible()
    check(page, "consent-payment")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose")
    check(page, "consent-payment-nothing-chosen")
    page.locator("input[type=radio]:enabled").first.check()
    page.get_by_role("button", name="Approve").click()

    page.wait_for_url(relying_party.redirect_uri + "?*")
    assert relying_party.exchange().status_code == 200
    made = relying_party.pay(consent, payment)
    assert made.status_code == 201, made.text
    settled(relying_party, made.json()["id"])
    page.goto(server.issuer + "/my/payments")
    row = page.get_by_role("row", name="KES 1,250.00").filter(has_text="Bill 77, October").first
    expect(row).to_contain_text("Jamii Rent")
    expect(row).to_contain_text("Paid")
    check(page, "my-payments")


def test_a_payment_that_is_rejected_on_the_page_is_never_made(page, server, relying_party):
    consent = relying_party.lodge_payment(bill())
    page.goto(relying_party.authorize_address(consent, type="payment"))
    sign_in(page, "diana.student")

    page.get_by_role("button", name="Reject").click()

    page.wait_for_url(relying_party.redirect_uri + "?*")
    assert relying_party.answers[-1]["error"] == "access_denied"
    assert relying_party.consent(consent).json()["status"] == "rejected"


def doubted(party, name):
    """After ten payments within the hour, half of what is there to somebody new: what the rules hold at any time of the day."""
    customer = Customer(name)
    approve_by(customer, party, party.authorize_address(party.lodge()))
    [account] = party.call("/v1/accounts").json()["data"]
    available = float(party.call(f"/v1/accounts/{account['id']}/balance").json()["available"]["amount"])
    for number in range(10):
        small = bill("1.00", reference=f"Small {number}")
        assert party.pay(approved(party, customer, small), small).status_code == 201
    large = bill(f"{available * 0.6:.2f}", "Somebody New", "A favour", account="EQTY-310-777")
    made = party.pay(approved(party, customer, large), large)
    assert made.json()["status"] == "held", made.text
    return made.json()["id"], large


@pytest.mark.parametrize("decision", ["Release", "Reject"])
def test_staff_decides_what_the_rules_doubt(browse, server, relying_party, decision):
    payment_id, payment = doubted(relying_party, {"Release": "brian.parent", "Reject": "chao.digital"}[decision])
    page = browse()
    page.goto(server.issuer + "/staff/sign-in")
    sign_in(page, "staff@example.test", "sandbox-staff")
    page.get_by_role("link", name="Held payments").click()

    row = page.get_by_role("row").filter(has_text=payment_id)
    expect(row).to_contain_text("Somebody New")
    expect(row).to_contain_text("Ten payments or more were made from the account within an hour.")
    row.get_by_text("What the rules looked at").click()
    expect(row).to_contain_text("payments last hour")
    check(page, f"staff-payments-{decision.lower()}")
    row.get_by_role("button", name=decision).click()

    expect(page.locator(".callout")).to_contain_text("goes on" if decision == "Release" else "the money is free again")
    expect(page.get_by_role("row").filter(has_text=payment_id)).to_have_count(0)
    wanted = "settled" if decision == "Release" else "rejected"
    assert eventually(lambda: relying_party.payment(payment_id)["status"] == wanted)
    page.goto(f"{server.issuer}/staff?subject={payment_id}")
    expect(page.get_by_role("rowheader").filter(has_text="Payment")).to_have_count(1)


def test_a_developer_sees_each_payment_with_its_timeline(browse, server, relying_party):
    payment = bill("77.00", reference="For the developer")
    made = relying_party.pay(approved(relying_party, Customer("elijah.boomer"), payment), payment).json()
    settled(relying_party, made["id"])
    page = browse()
    page.goto(server.issuer + "/portal/sign-in")
    sign_in(page, "developer@example.test", "sandbox-developer")

    page.goto(f"{server.issuer}/portal/apps/{relying_party.app_id}/payments")

    row = page.get_by_role("row").filter(has_text=made["id"])
    for text in ("KES 77.00", "Kenya Power", "received", "accepted", "settled", "ACSC"):
        expect(row).to_contain_text(text)
    check(page, "app-payments")


def test_an_app_without_payments_is_told_how_to_begin(browse, server):
    app = server.create_app("No Payments", "--redirect-uri", "https://nothing.example/callback", "--organisation", "acme-budget")
    page = browse()
    page.goto(server.issuer + "/portal/sign-in")
    sign_in(page, "developer@example.test", "sandbox-developer")

    page.goto(f"{server.issuer}/portal/apps/{app['app_id']}/payments")

    expect(page.get_by_role("heading", name="No payments yet")).to_be_visible()
    check(page, "app-payments-empty")


def sent(server, party, consent, key, share=1.0):
    """What the server answers to a payment over a socket of its own, of which only a share arrives."""
    body = json.dumps({"consent_id": consent, **bill()}).encode()
    head = (
        f"POST /v1/payments HTTP/1.1\r\nHost: localhost:{server.port}\r\nAuthorization: Bearer {party.tokens['access_token']}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
    with socket.create_connection(("localhost", server.port), timeout=10) as connection:
        connection.sendall(head + body[: int(len(body) * share)])
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(65536)


def test_half_a_payment_moves_nothing_and_leaves_its_key(server, relying_party):
    consent = approved(relying_party, Customer("amina.traveler"), bill())

    assert b" 201 " not in sent(server, relying_party, consent, "half", share=0.5)
    assert relying_party.consent(consent).json()["status"] == "authorised"
    assert b" 201 " in sent(server, relying_party, consent, "half")


def test_a_key_with_a_control_character_pays_nothing(server, relying_party):
    consent = approved(relying_party, Customer("amina.traveler"), bill())

    for control in "\x00\x07\x1b\x7f":
        for key in (f"a{control}b", f"{control}a", f"a{control}"):
            assert sent(server, relying_party, consent, key).split()[1] == b"400", repr(key)
    assert sent(server, relying_party, consent, "a\tb").split()[1] == b"400"
    assert relying_party.consent(consent).json()["status"] == "authorised"
