"""Two-step sign-in: a phone reads the QR code, its codes sign in once each, recovery codes when it is lost; on the way from an app too."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from conftest import BINARY, ROOT, Server, approve, check, sign_in
from relying_parties import registered

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from phones import Phone  # noqa: E402


@pytest.fixture(scope="module")
def server():
    """People here turn on what would stop other tests from signing in, so they have a server of their own."""
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="module")
def relying_party(server):
    with registered(server, "Jamii Rent") as party:
        yield party


def without_phone(server, name, population):
    """Nobody begins with what another test left behind."""
    subprocess.run([BINARY, "staff", "reset-second-factor", "--email", name, "--population", population, *server.arguments], cwd=ROOT, stderr=subprocess.PIPE)


def scan(page):
    """What a camera reads from the QR code on the screen."""
    picture = page.locator(".qr").screenshot()
    done = subprocess.run(["zbarimg", "--quiet", "--raw", "-"], input=picture, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def turn_on(page, address, password, name=None):
    """From the page about two-step sign-in to the recovery codes.
    Returns the phone and the codes."""
    page.goto(address)
    page.get_by_role("button", name="Set up two-step sign-in").click()
    phone = Phone(scan(page))
    if name:
        check(page, f"{name}-turn-on")
    return phone, confirm(page, phone, password, name)


def confirm(page, phone, password, name=None):
    page.get_by_label("One-time code").fill(phone.code())
    page.get_by_label("Current password").fill(password)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    codes = page.locator(".recovery-codes code").all_inner_texts()
    assert len(set(codes)) == 10
    if name:
        check(page, f"{name}-recovery-codes")
    return codes


def enter(page, code, label="One-time code"):
    page.get_by_label(label).fill(code)
    page.get_by_role("button", name="Sign in").click()


class TestCustomers:
    def test_turning_on_signing_in_and_a_lost_phone(self, page, server):
        name = "amina.traveler" if page.has_scripts else "brian.parent"
        shots = "factor" if page.has_scripts else None
        without_phone(server, f"{name}@acme-budget", "customer")
        page.goto(server.issuer + "/my/security")
        sign_in(page, name)
        page.get_by_role("link", name="Turn on two-step sign-in").click()
        check(page, "factor-off")
        page.get_by_role("button", name="Set up two-step sign-in").click()
        phone = Phone(scan(page))
        assert phone.account == f"Wekeza:{name}"
        # A phone reads it from a dark page too, and people read the key.
        page.emulate_media(color_scheme="dark")
        assert scan(page) == phone.address.geturl()
        page.emulate_media(color_scheme="light")
        assert base64.b32decode(page.locator("#key").inner_text().replace(" ", "")) == phone.key
        check(page, "factor-turn-on")
        page.get_by_role("button", name="Turn on").click()
        expect(page.get_by_role("alert").get_by_role("link")).to_have_text(["Enter the one-time code", "Enter your current password"])
        check(page, "factor-turn-on-error")
        codes = confirm(page, phone, "sandbox", shots)
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_text("10 left")).to_be_visible()
        check(page, "factor-on")
        page.goto(server.issuer + "/my/security/second-factor/recovery-codes")
        expect(page.get_by_text(codes[0])).to_have_count(0)
        page.get_by_role("button", name="Sign out").click()

        sign_in(page, name)
        expect(page.get_by_role("heading", level=1)).to_have_text("Enter your one-time code")
        check(page, "factor-code")
        enter(page, "000 000")
        expect(page.get_by_role("alert").get_by_role("link")).to_have_text("This code is not right, or it was used before. Wait for the next one and try again.")
        check(page, "factor-code-error")
        code = phone.code()
        enter(page, f"{code[:3]} {code[3:]}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Who can see your accounts")
        page.get_by_role("button", name="Sign out").click()

        sign_in(page, name)
        enter(page, code)
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_role("link", name="Use a recovery code").click()
        check(page, "factor-recovery")
        enter(page, codes[0], "Recovery code")
        expect(page.get_by_role("heading", level=1)).to_have_text("Who can see your accounts")
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, name)
        page.get_by_role("link", name="Use a recovery code").click()
        enter(page, codes[0], "Recovery code")
        expect(page.get_by_role("alert").get_by_role("link")).to_have_text("This is not one of your recovery codes, or it was used before. Check it and try again.")
        enter(page, codes[1].lower().replace("-", " "), "Recovery code")
        page.goto(server.issuer + "/my/security/second-factor")
        expect(page.get_by_text("8 left")).to_be_visible()

        page.get_by_label("One-time code").fill(codes[2])
        page.get_by_role("button", name="Turn off").click()
        expect(page.get_by_role("status").first).to_contain_text("Two-step sign-in is off")
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, name)
        expect(page.get_by_role("heading", level=1)).to_have_text("Who can see your accounts")
        mails = server.issuer + "/demo/mailbox"
        page.goto(mails)
        for subject in ("Two-step sign-in is on", "A recovery code was used", "Two-step sign-in is off"):
            expect(page.get_by_role("heading", name=subject).first).to_be_visible()

    def test_an_app_asks_for_it(self, page, server, relying_party):
        name = "chao.digital" if page.has_scripts else "diana.student"
        without_phone(server, f"{name}@acme-budget", "customer")
        page.goto(relying_party.authorize_address(relying_party.lodge(), acr_values="urn:wekeza:acr:2"))
        sign_in(page, name)
        expect(page.get_by_role("heading", level=1)).to_have_text("Turn on two-step sign-in?")
        check(page, "factor-offer")
        yes, no = (page.get_by_role(role, name=words).bounding_box() for role, words in (("button", "Turn it on"), ("link", "Go on without")))
        assert (yes["y"], yes["width"], yes["height"]) == (no["y"], no["width"], no["height"])
        page.get_by_role("button", name="Turn it on").click()
        phone = Phone(scan(page))
        confirm(page, phone, "sandbox")
        page.get_by_role("link", name="I have kept them, go on").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks to see your accounts")
        approve(page)
        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert claims(relying_party.exchange().json()["id_token"])["acr"] == "urn:wekeza:acr:2"

        page.context.clear_cookies()
        page.goto(relying_party.authorize_address(relying_party.lodge()))
        sign_in(page, name)
        expect(page.get_by_text("sent you here to ask for your permission")).to_be_visible()
        check(page, "factor-code-for-app")
        enter(page, phone.code())
        approve(page)
        page.wait_for_url(relying_party.redirect_uri + "?*")
        told = claims(relying_party.exchange().json()["id_token"])
        assert (told["acr"], told["amr"]) == ("urn:wekeza:acr:2", ["pwd", "otp", "mfa"])

    def test_no_phone_is_needed_in_the_demo(self, browse, server):
        page, mailbox = browse(), browse()
        without_phone(server, "elijah.boomer@acme-budget", "customer")
        page.goto(server.issuer + "/my/security/second-factor")
        sign_in(page, "elijah.boomer")
        page.get_by_role("button", name="Set up two-step sign-in").click()

        def shown():
            mailbox.goto(server.issuer + "/demo/mailbox")
            return mailbox.get_by_role("row", name=re.compile("Elijah")).get_by_role("cell").first.inner_text()

        code = shown()
        check(mailbox, "demo-mailbox-codes")
        page.get_by_label("One-time code").fill(code)
        page.get_by_label("Current password").fill("sandbox")
        page.get_by_role("button", name="Turn on").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@pytest.mark.parametrize("sign_in_page, home, password, address", [
    ("/portal/sign-in", "/portal/settings/second-factor", "sandbox-developer", "developer@example.test"),
    ("/staff/sign-in", "/staff/second-factor", "sandbox-staff", "staff@example.test"),
])
def test_developers_and_staff(browse, server, sign_in_page, home, password, address):
    page = browse()
    who = sign_in_page.split("/")[1]
    without_phone(server, address, "developer" if who == "portal" else who)
    page.goto(server.issuer + sign_in_page)
    sign_in(page, address, password)
    page.goto(server.issuer + home)
    check(page, f"{who}-factor-off")
    phone, codes = turn_on(page, server.issuer + home, password, f"{who}-factor")
    page.get_by_role("link", name="I have kept them").click()
    check(page, f"{who}-factor-on")
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, address, password)
    check(page, f"{who}-factor-code")
    enter(page, phone.code())
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(server.issuer + home)
    page.get_by_label("One-time code").fill(codes[0])
    page.get_by_role("button", name="Make new recovery codes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    assert not set(page.locator(".recovery-codes code").all_inner_texts()) & set(codes)


def test_staff_let_in_who_lost_the_phone(browse, server):
    developer, staff = browse(), browse()
    without_phone(server, "developer@example.test", "developer")
    without_phone(server, "staff@example.test", "staff")
    developer.goto(server.issuer + "/portal/sign-in")
    sign_in(developer, "developer@example.test", "sandbox-developer")
    turn_on(developer, server.issuer + "/portal/settings/second-factor", "sandbox-developer")
    developer.get_by_role("button", name="Sign out").click()
    sign_in(developer, "developer@example.test", "sandbox-developer")
    expect(developer.get_by_role("heading", level=1)).to_have_text("Enter your one-time code")

    staff.goto(server.issuer + "/staff/sign-in")
    sign_in(staff, "staff@example.test", "sandbox-staff")
    staff.get_by_role("link", name="People").click()
    check(staff, "staff-people")
    staff.get_by_label("Sign-in name").fill("developer@example.test")
    staff.get_by_role("button", name="Find").click()
    check(staff, "staff-people-found")
    staff.get_by_role("button", name="Reset the two-step sign-in of Dorcas Developer").click()
    expect(staff.get_by_role("status").first).to_contain_text("Dorcas Developer signs in with the password alone")

    developer.get_by_role("link", name="Sign in as somebody else").click()
    sign_in(developer, "developer@example.test", "sandbox-developer")
    expect(developer.get_by_role("button", name="Sign out")).to_be_visible()


def test_developers_let_in_the_customers_of_their_sandbox(browse, server):
    customer, developer = browse(), browse()
    without_phone(server, "elijah.boomer@acme-budget", "customer")
    without_phone(server, "developer@example.test", "developer")
    customer.goto(server.issuer + "/my")
    sign_in(customer, "elijah.boomer")
    turn_on(customer, server.issuer + "/my/security/second-factor", "sandbox")
    customer.get_by_role("button", name="Sign out").click()

    developer.goto(server.issuer + "/portal/customers")
    sign_in(developer, "developer@example.test", "sandbox-developer")
    expect(developer.get_by_text("elijah.boomer").last).to_be_visible()
    check(developer, "portal-customers-two-step")
    developer.get_by_role("button", name=re.compile("Turn off the two-step sign-in of Elijah")).click()
    expect(developer.get_by_role("status").first).to_contain_text("signs in with the password alone")

    sign_in(customer, "elijah.boomer")
    expect(customer.get_by_role("heading", level=1)).to_have_text("Who can see your accounts")
