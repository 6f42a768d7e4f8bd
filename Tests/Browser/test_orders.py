"""What a customer allows beyond one payment now: payments within limits, on a later day, again and again; and how they take it back."""

import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from conftest import Server, check, sign_in
from relying_parties import registered

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from servers import Customer  # noqa: E402


@pytest.fixture(scope="module")
def server():
    """Money moves here that other tests count."""
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="module")
def party(server):
    with registered(server, "Jamii Rent", "--organisation", "acme-budget") as party:
        yield party


RENT = {
    "amount": {"amount": "900.00", "currency": "KES"}, "creditor": {"name": "Westlands Homes", "account": "WH-2210-04"}, "reference": "Rent, flat 4",
}


def day(ahead):
    """A day in Nairobi, as many days from now."""
    return (datetime.now(timezone(timedelta(hours=3))) + timedelta(days=ahead)).date().isoformat()


def approve(page, party, consent, name=None):
    page.goto(party.authorize_address(consent, type="payment"))
    if name:
        sign_in(page, name)
    page.locator("input[type=radio]:enabled").first.check()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url(party.redirect_uri + "?*")
    assert party.exchange().status_code == 200


def test_payments_within_limits(page, server, party):
    limits = {
        "creditor": RENT["creditor"], "maximum_amount": {"amount": "500.00", "currency": "KES"},
        "limits": [
            {"period": "day", "alignment": "consent", "amount": {"amount": "600.00", "currency": "KES"}},
            {"period": "month", "alignment": "calendar", "amount": {"amount": "90000.00", "currency": "KES"}},
        ],
    }
    expiry = (datetime.now(timezone.utc) + timedelta(days=200)).strftime("%Y-%m-%dT%H:%M:%SZ")
    consent = party.lodged({"type": "recurring_payment", "recurring_payment": limits, "expires_at": expiry})
    page.goto(party.authorize_address(consent, type="payment"))
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks to pay Westlands Homes again and again")
    for text in ("Each time at most", "KES 500.00", "In a day", "at most KES 600.00", "In a calendar month", "without asking you again"):
        expect(page.locator("main")).to_contain_text(text)
    check(page, "consent-recurring")
    approve(page, party, consent)

    assert party.create("/v1/transfers", consent, {**RENT, "amount": {"amount": "450.00", "currency": "KES"}}).status_code == 201
    refused = party.create("/v1/transfers", consent, {**RENT, "amount": {"amount": "450.00", "currency": "KES"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "limit_exceeded")

    page.goto(f"{server.issuer}/my/consents/{consent}")
    expect(page.locator("main")).to_contain_text("KES 450.00 of KES 600.00 until")
    check(page, "receipt-recurring")
    page.goto(server.issuer + "/my")
    expect(page.locator("article").filter(has_text="Westlands Homes")).to_contain_text("At most KES 500.00 each time to Westlands Homes")
    check(page, "connections-recurring")
    page.goto(f"{server.issuer}/my/consents/{consent}")
    page.get_by_role("button", name="Stop payments of Jamii Rent").click()
    assert party.consent(consent).json()["status"] == "revoked"


def test_a_payment_for_a_later_day_is_cancelled_by_its_customer(page, server, party):
    payment = {**RENT, "execution_date": day(3)}
    consent = party.lodge_payment(payment)
    page.goto(party.authorize_address(consent, type="payment"))
    sign_in(page)
    expect(page.locator("dl", has_text="Amount")).to_contain_text("On")
    check(page, "consent-scheduled")
    approve(page, party, consent)
    made = party.pay(consent, payment).json()
    assert made["status"] == "scheduled"

    page.goto(server.issuer + "/my/payments")
    row = page.get_by_role("table", name="You can still cancel").get_by_role("row").filter(has_text="On its day")
    expect(row).to_contain_text("Westlands Homes")
    check(page, "my-payments-scheduled")
    row.get_by_role("button", name="Cancel").click()

    expect(page.locator(".callout--positive")).to_contain_text("is cancelled: it will not be paid")
    expect(page.get_by_role("row").filter(has_text="Cancelled").first).to_contain_text("Westlands Homes")
    assert party.payment(made["id"])["status_reason"] == "cancelled_by_customer"


def test_a_standing_order_is_seen_and_cancelled(page, server, party):
    plan = {**RENT, "frequency": "monthly", "first_date": day(2), "last_date": day(365)}
    consent = party.lodged({"type": "standing_order", "standing_order": plan})
    page.goto(party.authorize_address(consent, type="payment"))
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks to pay KES 900.00 every month")
    check(page, "consent-standing-order")
    approve(page, party, consent)
    order = party.create("/v1/standing-orders", consent, plan)
    assert order.status_code == 201, order.text

    page.goto(server.issuer + "/my/payments")
    orders = page.get_by_role("table", name="Standing orders", exact=True)
    expect(orders).to_contain_text("Every month from")
    check(page, "my-standing-orders")
    orders.get_by_role("button", name="Cancel").click()

    expect(page.locator(".callout--positive")).to_contain_text("it pays no more")
    expect(page.get_by_role("table", name="Ended standing orders")).to_contain_text("Cancelled")


def test_another_customer_cannot_cancel_what_is_not_theirs(party, server):
    payment = {**RENT, "execution_date": day(3)}
    consent = party.lodge_payment(payment)
    customer = Customer("diana.student")
    requests.get(customer.decide(party.authorize_address(consent, type="payment")), timeout=10)
    assert party.exchange().status_code == 200
    made = party.pay(consent, payment).json()

    other = Customer("elijah.boomer")
    requests.get(other.decide(party.authorize_address(party.lodge())), timeout=10)
    token = re.search(r'name="csrf" value="([^"]+)"', other.browser.get(server.issuer + "/my").text).group(1)

    def cancel(customer, payment_id):
        return customer.browser.post(
            f"{server.issuer}/my/payments/{payment_id}/cancel", data={"csrf": token}, headers={"Origin": server.issuer}, allow_redirects=False)

    assert cancel(other, made["id"]).status_code == 404
    assert cancel(other, "pay_unknown").status_code == 404
    assert party.payment(made["id"])["status"] == "scheduled"


def test_the_tables_of_statuses_are_in_the_documentation(page, server):
    page.goto(server.issuer + "/docs/payments")
    table = page.get_by_role("table", name="Statuses")
    for text in ("scheduled", "ACTC", "cancel", "by partner, customer, bank", "Nothing: it is final"):
        expect(table).to_contain_text(text)
    check(page, "docs-payments")
    page.goto(server.issuer + "/docs/accounts-and-consents")
    expect(page.get_by_role("table", name="Statuses")).to_contain_text("awaiting_authorisation")
    check(page, "docs-consents-statuses")
