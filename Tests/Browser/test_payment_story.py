"""The payment's whole story: curl lodges the consent, its customer sees amount and payee in a browser and enters a one-time code, curl pays, and everybody watches it settle."""

import json
import subprocess

import pytest
from playwright.sync_api import expect

from conftest import Server, check, sign_in
from relying_parties import registered
from test_second_factor import enter, turn_on


@pytest.fixture(scope="module")
def server():
    """Somebody here turns on what would stop other tests from signing in."""
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="module")
def relying_party(server):
    with registered(server, "Jamii Rent", "--organisation", "acme-budget") as party:
        yield party


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_from_the_wish_to_the_statement(browse, server, relying_party):
    bill = {"amount": {"amount": "1250.00", "currency": "KES"}, "creditor": {"name": "Kenya Power", "account": "KPLC-882-001"}, "reference": "Bill 77"}
    page = browse()
    page.goto(server.issuer + "/my")
    sign_in(page)
    phone, _ = turn_on(page, server.issuer + "/my/security/second-factor", "sandbox")
    page.context.clear_cookies()

    credentials = f"{relying_party.client_id}:{relying_party.client_secret}"
    token = curl(server.issuer + "/oauth2/token", "-u", credentials, "-d", "grant_type=client_credentials", "-d", "scope=consents.write")["access_token"]
    consent = curl(
        server.issuer + "/v1/consents", "-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json", "-d",
        json.dumps({"type": "payment", "payment": bill}))["id"]

    page.goto(relying_party.authorize_address(consent, type="payment"))
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your one-time code")
    enter(page, phone.code())
    expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks to pay KES 1,250.00")
    for text in ("KES 1,250.00", "Kenya Power", "KPLC-882-001", "Bill 77"):
        expect(page.locator("dl", has_text="Amount")).to_contain_text(text)
    check(page, "story-consent")
    page.locator("input[type=radio]:enabled").first.check()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url(relying_party.redirect_uri + "?*")
    access = relying_party.exchange().json()["access_token"]

    made = curl(
        server.issuer + "/v1/payments", "-H", f"Authorization: Bearer {access}", "-H", "Content-Type: application/json", "-H", "Idempotency-Key: bill-77",
        "-H", "X-Sandbox-Scenario: settled", "-d", json.dumps({"consent_id": consent, **bill}))
    assert [step["status"] for step in made["timeline"]] == ["received", "accepted"], made
    page.goto(server.issuer + "/my/payments")
    row = page.get_by_role("row").filter(has_text="Bill 77").first
    expect(row).to_contain_text("On its way")

    # It settles by itself, five seconds after it was accepted.
    for _ in range(200):
        if "Paid" in row.inner_text():
            break
        page.reload()
    expect(row).to_contain_text("Paid")
    check(page, "story-paid")
    own = curl(server.issuer + "/oauth2/token", "-u", credentials, "-d", "grant_type=client_credentials", "-d", "scope=payments.write")["access_token"]
    told = curl(f"{server.issuer}/v1/payments/{made['id']}", "-H", f"Authorization: Bearer {own}")
    assert [step["status_code"] for step in told["timeline"]] == ["RCVD", "ACSP", "ACSC"]
