"""A file of payments from its upload to the money's arrival: its customer sees number, total and payees, staff decides where the rules doubt it."""

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
    with registered(server, "Jamii Payroll", "--organisation", "acme-budget") as party:
        yield party


def file(*amounts, reference="Salaries of November"):
    payees = [{
        "amount": {"amount": amount, "currency": "KES"}, "creditor": {"name": f"Payee {number}", "account": f"PAYEE-{number:05}"},
        "reference": f"Salary {number}",
    } for number, amount in enumerate(amounts, 1)]
    total = f"{sum(float(amount) for amount in amounts):.2f}"
    header = {"count": len(payees), "total": {"amount": total, "currency": "KES"}, "reference": reference}
    return "\n".join(json.dumps(line) for line in [header, *payees])


def uploaded(party, text):
    answer = party.upload(text)
    assert answer.status_code == 201, answer.text
    return answer.json()


def address(party, bulk):
    return party.authorize_address(bulk["consent_id"], type="payment")


def carried_out(party, customer, text):
    bulk = uploaded(party, text)
    requests.get(customer.decide(address(party, bulk)), timeout=10)
    assert party.exchange().status_code == 200
    answer = party.execute(bulk["id"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_customer_sees_approves_and_finds_a_file(page, server, relying_party):
    bulk = uploaded(relying_party, file(*["10.00"] * 12))
    page.goto(address(relying_party, bulk))
    sign_in(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Payroll asks to make 12 payments of KES 120.00 in all")
    payees = page.get_by_role("table", name="Whom it would pay")
    for text in ("Payee 1", "PAYEE-00001", "Salary 1", "KES 10.00", "Payee 10"):
        expect(payees).to_contain_text(text)
    assert not any(choice.is_checked() for choice in page.get_by_role("radio").all())
    check(page, "consent-bulk-payment")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="All 12 payments").click()
    everybody = popup.value
    everybody.has_scripts = page.has_scripts
    expect(everybody.get_by_role("rowheader").filter(has_text="PAYEE-00012")).to_be_visible()
    check(everybody, "consent-bulk-payment-payees")
    everybody.close()
    page.locator("input[type=radio]:enabled").first.check()
    page.get_by_role("button", name="Approve").click()

    page.wait_for_url(relying_party.redirect_uri + "?*")
    assert relying_party.exchange().status_code == 200
    done = relying_party.execute(bulk["id"])
    assert done.status_code == 200, done.text
    assert eventually(lambda: relying_party.bulk("/" + bulk["id"])["status"] == "settled")
    page.goto(server.issuer + "/my/payments")
    row = page.get_by_role("table", name="Files of payments").get_by_role("row").filter(has=page.locator(f"a[href='/my/payments/{bulk['id']}']"))
    for text in ("KES 120.00", "Jamii Payroll", "Paid", "Salaries of November"):
        expect(row).to_contain_text(text)
    check(page, "my-bulk-payments")
    row.get_by_role("link", name="12 payments").click()
    expect(page.get_by_role("row").filter(has_text="PAYEE-00007")).to_contain_text("Paid")
    check(page, "my-bulk-payment")


def test_staff_releases_a_file(browse, server, relying_party):
    customer = Customer("brian.parent")
    requests.get(customer.decide(relying_party.authorize_address(relying_party.lodge())), timeout=10)
    assert relying_party.exchange().status_code == 200
    [account] = relying_party.call("/v1/accounts").json()["data"]
    available = float(relying_party.call(f"/v1/accounts/{account['id']}/balance").json()["available"]["amount"])
    # Half of what is there to somebody new, after ten others within the hour, is held at any time of the day.
    for _ in range(10):
        carried_out(relying_party, customer, file("1.00"))
    held = carried_out(relying_party, customer, file(f"{available * 0.3:.2f}", f"{available * 0.3:.2f}", reference="To new people"))
    assert held["status"] == "held", held
    page = browse()
    page.goto(server.issuer + "/staff/sign-in")
    sign_in(page, "staff@example.test", "sandbox-staff")
    page.get_by_role("link", name="Held payments").click()

    row = page.get_by_role("row").filter(has_text=held["id"])
    for text in ("2 payees", "To new people", "Jamii Payroll"):
        expect(row).to_contain_text(text)
    check(page, "staff-bulk-payment")
    row.get_by_role("button", name="Release").click()

    expect(page.locator(".callout")).to_contain_text("to 2 payees goes on")
    assert eventually(lambda: relying_party.bulk("/" + held["id"])["status"] == "settled")


def test_a_developer_sees_each_file_with_its_timeline(browse, server, relying_party):
    done = carried_out(relying_party, Customer("elijah.boomer"), file("5.00", "6.00", reference="For the developer"))
    assert eventually(lambda: relying_party.bulk("/" + done["id"])["status"] == "settled")
    waiting = uploaded(relying_party, file("1.00"))
    page = browse()
    page.goto(server.issuer + "/portal/sign-in")
    sign_in(page, "developer@example.test", "sandbox-developer")

    page.goto(f"{server.issuer}/portal/apps/{relying_party.app_id}/payments")

    row = page.get_by_role("row").filter(has_text=done["id"])
    for text in ("KES 11.00", "2 payments", "For the developer", "received", "accepted", "settled", "ACSC"):
        expect(row).to_contain_text(text)
    expect(page.get_by_role("row").filter(has_text=waiting["id"])).to_contain_text("awaiting approval")
    check(page, "app-bulk-payments")


def test_half_a_body_leaves_nothing(server, relying_party):
    before = len(relying_party.bulk()["data"])
    text = file(*["10.00"] * 12).encode()
    head = (
        f"POST /v1/bulk-payments HTTP/1.1\r\nHost: localhost:{server.port}\r\nAuthorization: Bearer {relying_party.own_token('payments.write')}\r\n"
        f"Idempotency-Key: half\r\nContent-Type: application/x-ndjson\r\nContent-Length: {len(text)}\r\n\r\n").encode()
    with socket.create_connection(("localhost", server.port), timeout=10) as connection:
        connection.sendall(head + text[: len(text) // 2])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert b" 201 " not in answer

    # A program that sent its half as a whole is told which line ends too early, and which number no longer holds.
    refused = relying_party.upload(text[: len(text) // 2].decode())
    assert refused.status_code == 400 and refused.json()["code"] == "malformed_body", refused.text
    assert {"well_formed", "count"} <= {error["rule"] for error in refused.json()["errors"]}
    assert len(relying_party.bulk()["data"]) == before
    # The key is free: nothing was done under it.
    assert relying_party.upload(file("1.00")).status_code == 201
