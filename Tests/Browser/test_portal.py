"""The developer's way: signing up, an app and its secrets, the team, a refused call explained; and the documentation."""

import re
import time
from itertools import count

import pytest
import requests
from playwright.sync_api import expect

from conftest import check, sign_in

NUMBERS = count(1)
PASSWORD = "correct horse battery staple"


def new_address(name="wanjiku"):
    return f"{name}.{next(NUMBERS)}@savanna.example"


def link_in_mail(page, server, address, path):
    """The newest link of a kind that was mailed to an address: mail leaves behind the answer."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = re.search(rf"{path}\?token=[\w-]+", server.mail_to(page, address).inner_text(timeout=1000)) if mail_is_there(page, server, address) else None
        if found:
            return server.issuer + found[0]
    raise AssertionError(f"no mail with {path} to {address}")


def mail_is_there(page, server, address):
    page.goto(server.issuer + "/demo/mailbox")
    return page.locator("article.mail", has_text=address).count() > 0


def sign_up(page, server, address=None):
    """Signs up, confirms, and stands on the overview of a new organisation."""
    address = address or new_address()
    page.goto(server.issuer + "/portal/sign-up")
    page.get_by_label("Name").fill("Wanjiku Njoroge")
    page.get_by_label("Work email").fill(address)
    page.get_by_label("Company").fill("Savanna Pay")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    page.goto(link_in_mail(page, server, address, "/portal/confirm"))
    page.get_by_role("button", name="Confirm email").click()
    expect(page.get_by_text("Your email is confirmed.")).to_be_visible()
    return address


def create_app(page, server, name="Savanna Budget", redirect_uri="https://savanna.example/callback"):
    """Creates an app; answers its id, client id and secret."""
    page.goto(server.issuer + "/portal/apps/new")
    page.get_by_label("App name").fill(name)
    page.get_by_label("Redirect URIs").fill(redirect_uri)
    page.get_by_role("button", name="Create app").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name} is created")
    identifier = re.search(r"app_\w+", page.url)[0]
    return identifier, page.locator("#client-id").inner_text(), page.locator("#client-secret").inner_text()


def app_token(server, client_id, secret):
    return requests.post(
        server.issuer + "/oauth2/token", auth=(client_id, secret), data={"grant_type": "client_credentials", "scope": "consents.write"}, timeout=10)


class TestTheDevelopersWay:
    """Steps 2 and 8 of the main job."""

    def test_from_signing_up_to_a_refused_call_explained(self, page, server):
        sign_up(page, server)
        page.get_by_role("navigation", name="Portal").get_by_role("link", name="Apps").click()
        expect(page.get_by_role("heading", name="You have no apps yet")).to_be_visible()

        identifier, client_id, secret = create_app(page, server)
        page.reload()
        expect(page.get_by_text(secret)).to_have_count(0)
        page.goto(f"{server.issuer}/portal/apps/{identifier}")
        assert secret not in page.content()

        token = app_token(server, client_id, secret)
        assert token.status_code == 200, token.text
        refused = requests.get(server.issuer + "/v1/accounts", headers={"Authorization": f"Bearer {token.json()['access_token']}"}, timeout=10)
        assert refused.status_code == 403
        deadline = time.monotonic() + 15
        page.goto(server.issuer + "/portal/requests")
        listed = page.get_by_role("link", name="GET /v1/accounts")
        while listed.count() == 0 and time.monotonic() < deadline:
            page.reload()
        listed.first.click()

        expect(page.get_by_role("heading", level=1)).to_contain_text("Refused: ")
        expect(page.locator(".compare")).to_contain_text("accounts.read")
        expect(page.locator(".trace__step--skipped").filter(has_text="Not reached").first).to_be_visible()
        page.get_by_role("link", name="Read about this error").click()
        expect(page.get_by_role("heading", name="How to fix it")).to_be_visible()

    def test_the_secret_is_rotated_with_overlap(self, page, server):
        sign_up(page, server)
        identifier, client_id, first = create_app(page, server)
        page.goto(f"{server.issuer}/portal/apps/{identifier}")
        page.get_by_role("button", name="Add a secret").click()
        second = page.locator("#client-secret").inner_text()
        assert app_token(server, client_id, first).status_code == 200
        assert app_token(server, client_id, second).status_code == 200

        page.get_by_role("link", name="I have copied it").click()
        expect(page.get_by_role("button", name="Add a secret")).to_have_count(0)
        page.get_by_role("link", name=f"Revoke the secret ending {first[-4:]}").click()
        page.get_by_role("button", name="Revoke the secret").click()

        expect(page.get_by_text("The secret is revoked.")).to_be_visible()
        deadline = time.monotonic() + 1.5
        while app_token(server, client_id, first).status_code == 200 and time.monotonic() < deadline:
            pass
        assert app_token(server, client_id, first).status_code == 401
        assert app_token(server, client_id, second).status_code == 200

    def test_the_back_button_after_creating_makes_no_second_app(self, page, server):
        sign_up(page, server)
        create_app(page, server)
        page.go_back()
        if page.get_by_label("App name").input_value() == "":
            page.get_by_label("App name").fill("Savanna Budget")
            page.get_by_label("Redirect URIs").fill("https://savanna.example/callback")
        with page.expect_navigation():
            page.get_by_role("button", name="Create app").click()
        page.goto(server.issuer + "/portal/apps")
        assert page.locator("tbody tr").count() <= 2

    def test_wrong_lines_are_named(self, page, server):
        sign_up(page, server)
        page.goto(server.issuer + "/portal/apps/new")
        page.get_by_label("App name").fill("Savanna Budget")
        page.get_by_label("Redirect URIs").fill("https://good.example/callback\nhttp://bad.example/callback")
        page.get_by_role("button", name="Create app").click()

        expect(page).to_have_title(re.compile("^Error: "))
        summary = page.get_by_role("alert")
        expect(summary).to_contain_text("Line 2")
        expect(summary).to_contain_text("http://bad.example/callback")
        summary.get_by_role("link").click()
        page.wait_for_url("**#redirect_uris")
        expect(page.get_by_label("Redirect URIs")).to_have_value("https://good.example/callback\nhttp://bad.example/callback")

    def test_allowed_addresses(self, page, server):
        sign_up(page, server)
        identifier, client_id, secret = create_app(page, server)
        app = f"{server.issuer}/portal/apps/{identifier}"
        page.goto(app)
        expect(page.get_by_text("The app may call from anywhere.")).to_be_visible()
        page.get_by_role("link", name="Change the allowed addresses").click()
        page.wait_for_url("**#allowed_addresses")

        # What cannot be read is named, line by line, and stays.
        typed = "192.0.2.77/24\n10.0.0.0/33\n\noffice.example"
        page.get_by_label("Allowed addresses").fill(typed)
        page.get_by_role("button", name="Save changes").click()
        expect(page).to_have_title(re.compile("^Error: "))
        summary = page.get_by_role("alert")
        expect(summary).to_contain_text("Line 2: Use a prefix of at most /32")
        expect(summary).to_contain_text("office.example")
        expect(page.get_by_label("Allowed addresses")).to_have_value(typed)
        check(page, "portal-edit-addresses-mistakes")

        # The developer is elsewhere: that is told, and kept out are only the app's calls.
        page.get_by_label("Allowed addresses").fill("192.0.2.77/24\n2001:DB8::/32\n203.0.113.10")
        page.get_by_role("button", name="Save changes").click()
        expect(page.get_by_text("The changes are saved.")).to_be_visible()
        listed = page.get_by_role("region", name="Allowed addresses")
        expect(listed.get_by_role("listitem")).to_have_text(["192.0.2.0/24", "2001:db8::/32", "203.0.113.10"])
        expect(listed).to_contain_text("You are elsewhere.")
        check(page, "portal-app-addresses")
        deadline = time.monotonic() + 5
        while app_token(server, client_id, secret).status_code == 200 and time.monotonic() < deadline:
            pass
        assert app_token(server, client_id, secret).json()["error"] == "unauthorized_client"

        page.goto(app + "/edit")
        check(page, "portal-edit-addresses")
        page.get_by_label("Allowed addresses").fill("127.0.0.0/8\n::1")
        page.get_by_role("button", name="Save changes").click()
        expect(page.get_by_text("The changes are saved.")).to_be_visible()
        expect(page.get_by_text("You are elsewhere.")).to_have_count(0)
        while app_token(server, client_id, secret).status_code != 200 and time.monotonic() < deadline + 5:
            pass
        assert app_token(server, client_id, secret).status_code == 200

    def test_a_call_from_elsewhere_is_explained(self, page, server):
        sign_up(page, server)
        identifier, client_id, secret = create_app(page, server)
        token = app_token(server, client_id, secret).json()["access_token"]
        page.goto(f"{server.issuer}/portal/apps/{identifier}/edit")
        page.get_by_label("Allowed addresses").fill("192.0.2.0/24")
        page.get_by_role("button", name="Save changes").click()
        deadline = time.monotonic() + 5
        call = lambda: requests.get(server.issuer + "/v1/consents", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        while (refused := call()).status_code == 200 and time.monotonic() < deadline:
            pass
        assert refused.json()["code"] == "address_not_allowed"

        page.goto(f"{server.issuer}/r/{refused.headers['X-Request-Id']}")
        while page.locator(".trace").count() == 0 and time.monotonic() < deadline + 5:
            page.reload()

        expect(page.get_by_role("heading", level=1)).to_have_text("Refused: the app may not call from this IP address")
        expect(page.locator(".trace__step--refused")).to_contain_text("The app may call from this IP address")
        expect(page.locator(".compare")).to_contain_text(refused.json()["errors"][0]["got"])
        check(page, "portal-request-address")
        page.get_by_role("link", name="Read about this error").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("The app may not call from this IP address")

    def test_a_removed_app_stops(self, page, server):
        sign_up(page, server)
        identifier, client_id, secret = create_app(page, server)
        page.goto(f"{server.issuer}/portal/apps/{identifier}/remove")
        page.get_by_label("Type the app’s name to confirm").fill("Savanna Budget")
        page.get_by_role("button", name="Remove the app").click()

        expect(page.get_by_text("The app is removed.")).to_be_visible()
        deadline = time.monotonic() + 1.5
        while app_token(server, client_id, secret).status_code == 200 and time.monotonic() < deadline:
            pass
        assert app_token(server, client_id, secret).status_code == 401

    def test_a_colleague_joins(self, browse, page, server):
        sign_up(page, server)
        colleague = new_address("baraka")
        page.goto(server.issuer + "/portal/team")
        page.get_by_label("Work email").fill(colleague)
        page.get_by_role("button", name="Send invitation").click()
        expect(page.get_by_text("The invitation is on its way.")).to_be_visible()

        other = browse()
        other.goto(link_in_mail(other, server, colleague, "/portal/invitation"))
        other.get_by_label("Name").fill("Baraka Otieno")
        other.get_by_label("Password").fill(PASSWORD)
        other.get_by_role("button", name="Create account and join").click()

        expect(other.locator(".top-bar")).to_contain_text("Savanna Pay")
        other.goto(server.issuer + "/portal/team")
        expect(other.get_by_role("row", name=re.compile("Baraka Otieno"))).to_be_visible()
        expect(other.get_by_role("button", name="Send invitation")).to_have_count(0)

    def test_a_forgotten_password(self, page, server):
        address = sign_up(page, server)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Forgotten your password?").click()
        page.get_by_label("Work email").fill(address)
        with page.expect_navigation():
            page.get_by_role("button", name="Send the link").click()
        page.goto(link_in_mail(page, server, address, "/portal/reset-password"))
        page.get_by_label("New password").fill("an entirely new phrase")
        page.get_by_role("button", name="Change the password").click()

        sign_in(page, address, "an entirely new phrase")
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

    def test_the_customers_of_the_new_organisation_can_be_asked(self, page, server):
        sign_up(page, server)
        deadline = time.monotonic() + 60
        page.goto(server.issuer + "/portal/customers")
        while page.get_by_text("They are on their way.").count() and time.monotonic() < deadline:
            page.reload()
        expect(page.get_by_text("They are on their way.")).to_have_count(0)
        identifier, _, _ = create_app(page, server, "Savanna Page")
        page.goto(f"{server.issuer}/portal/apps/{identifier}/samples")
        link = re.search(r"http://localhost:\d+/oauth2/authorize\?\S+", page.locator("#step-3 ~ *, section[aria-labelledby=step-3] pre").last.inner_text())[0]
        page.goto(re.sub(r"&authorization_details=\S+", "&scope=accounts.read", link.replace("&scope=openid", "")))
        sign_in(page, "amina.traveler", "sandbox")
        expect(page.get_by_role("heading", level=1)).to_have_text("Savanna Page asks to see your accounts")


class TestEveryPage:
    """Axe in light and dark, no sideways scroll, weight, a title."""

    @pytest.mark.parametrize(
        "path",
        [
            "/", "/portal/sign-up", "/portal/sign-in", "/portal/forgotten-password", "/docs", "/docs/accounts-and-consents", "/docs/sandbox", "/docs/reference",
            "/docs/reference/createConsent", "/docs/reference/listTransactions", "/docs/errors", "/docs/errors/account_not_in_consent", "/docs/errors/oauth/invalid_grant",
            "/docs/security", "/docs/help", "/docs/sharing", "/docs/privacy",
        ])
    def test_for_everybody(self, browse, server, path):
        page = browse()
        page.goto(server.issuer + path)
        check(page, "portal" + path.replace("/", "-"))

    def test_for_the_demo_developer(self, browse, server):
        page = browse()
        page.goto(server.issuer + "/portal/sign-in")
        sign_in(page, "developer@example.test", "sandbox-developer")
        for path in ("", "/apps", "/apps/new", "/customers", "/requests", "/usage", "/team", "/settings"):
            page.goto(server.issuer + "/portal" + path)
            check(page, "portal-developer" + path.replace("/", "-"))
        page.goto(server.issuer + "/portal/apps")
        page.get_by_role("link", name="Acme Budget", exact=True).click()
        page.wait_for_url("**/portal/apps/app_*")
        app = page.url
        for path in ("", "/edit", "/remove", "/requests", "/samples", "/samples?language=python", "/samples?language=javascript"):
            page.goto(app + path)
            check(page, "portal-app" + re.sub(r"\W", "-", path))

    def test_with_mistakes(self, browse, server):
        page = browse()
        page.goto(server.issuer + "/portal/sign-up")
        page.get_by_role("button", name="Create account").click()
        check(page, "portal-sign-up-mistakes")
        assert page.evaluate("document.activeElement.className") == "error-summary"
        page.goto(server.issuer + "/portal/sign-in")
        sign_in(page, "developer@example.test", "not the password")
        check(page, "portal-sign-in-mistake")

    def test_long_names_wrap(self, browse, server):
        page = browse()
        sign_up(page, server)
        addresses = "\n".join(f"https://savanna.example/{'a-very-long-path/' * 8}{number}" for number in range(40))
        create_app(page, server, "Savanna Pay for the whole family and everyone they ever knew"[:60], addresses)
        check(page, "portal-long-secret")
        page.get_by_role("link", name="I have copied it").click()
        page.wait_for_url(lambda address: "/secret" not in address)
        check(page, "portal-long-app")
        page.goto(page.url + "/edit")
        check(page, "portal-long-edit")

    def test_the_request_page(self, browse, server):
        page = browse()
        page.goto(server.issuer + "/portal/sign-in")
        sign_in(page, "developer@example.test", "sandbox-developer")
        secret = re.search(r"acme-budget\s+(wkz_sk_\S+)", server.printed())[1]
        token = app_token(server, "acme-budget", secret).json()["access_token"]
        refused = requests.get(server.issuer + "/v1/accounts", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        address = f"{server.issuer}/r/{refused.headers['X-Request-Id']}"
        deadline = time.monotonic() + 1.5
        page.goto(address)
        while page.locator(".trace").count() == 0 and time.monotonic() < deadline:
            page.reload()
        check(page, "portal-request")
        stranger = browse()
        sign_up(stranger, server)
        assert stranger.goto(address).status == 404
