"""Apps at work in a browser: Financial Copilot at /demo, and an app without a backend on another origin."""

import secrets
import time
from urllib.parse import urlencode

from playwright.sync_api import expect

from conftest import approve, check, sign_in


class TestFinancialCopilot:
    def connect(self, page, server, name="amina.traveler"):
        page.goto(server.issuer + "/demo")
        page.get_by_role("button", name="Connect your Wekeza account").click()
        sign_in(page, name)
        for box in page.get_by_role("checkbox").all():
            if box.is_enabled():
                box.check()
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url(server.issuer + "/demo/month")

    def test_the_month_and_the_withdrawal(self, page, server):
        page.goto(server.issuer + "/demo")
        check(page, "demo-start")
        self.connect(page, server)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Amina, your")
        expect(page.get_by_role("table", name="Balances now").get_by_role("row")).not_to_have_count(1)
        page.get_by_label("Month", exact=True).select_option(index=1)
        page.get_by_role("button", name="Show and refresh").click()
        expect(page.get_by_role("heading", name="Where it went").first).to_be_visible()
        check(page, "demo-month")

        page.goto(server.issuer + "/my")
        with page.expect_navigation():
            page.get_by_role("button", name="Stop sharing with Acme Budget").first.click()
        # The withdrawal reaches the gateway within a second.
        deadline = time.monotonic() + 3
        page.goto(server.issuer + "/demo/month")
        while page.get_by_role("heading", level=1).inner_text() != "You stopped sharing" and time.monotonic() < deadline:
            page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("You stopped sharing")
        expect(page.get_by_text("consent_revoked")).to_be_visible()
        expect(page.get_by_text("revoked, by customer")).to_be_visible()
        check(page, "demo-ended")
        page.get_by_role("button", name="Forget me").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Disconnected")
        check(page, "demo-disconnected")

    def test_disconnecting_here(self, page, server):
        self.connect(page, server, "brian.parent")
        page.get_by_role("button", name="Disconnect here").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Disconnected")

        page.goto(server.issuer + "/my")
        expect(page.get_by_text("Acme Budget ended the connection itself").first).to_be_visible()

    def test_saying_no(self, page, server):
        page.goto(server.issuer + "/demo")
        page.get_by_role("button", name="Connect your Wekeza account").click()
        sign_in(page, "chao.digital")
        page.get_by_role("button", name="Reject").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("You said no, and that is fine")

    def test_an_answer_that_nobody_asked_for(self, page, server):
        page.goto(server.issuer + "/demo/callback?code=abc&state=def")

        expect(page.get_by_role("heading", level=1)).to_have_text("We do not know this answer")

    def test_an_answer_without_its_browser(self, browse, server):
        page = browse()
        page.goto(server.issuer + "/demo")
        page.get_by_role("button", name="Connect your Wekeza account").click()
        sign_in(page, "diana.student")
        page.context.clear_cookies(name="wkz_demo_flow")
        approve(page)

        expect(page.get_by_role("heading", level=1)).to_have_text("We do not know this answer")

    def test_the_mailbox(self, page, server):
        page.goto(server.issuer + "/demo/mailbox")
        check(page, "mailbox")


class TestSinglePageApp:
    def test_code_token_and_call_from_another_origin(self, browse, single_page_app):
        page = browse()
        page.goto(single_page_app.origin)
        page.get_by_role("button", name="Connect").click()
        sign_in(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Pesa Planner asks to see your accounts")
        approve(page)

        expect(page.locator("#result")).to_contain_text("Accounts: ")

    def test_saying_no(self, browse, single_page_app):
        page = browse()
        page.goto(single_page_app.origin)
        page.get_by_role("button", name="Connect").click()
        sign_in(page, "diana.student")
        page.get_by_role("button", name="Reject").click()

        expect(page.locator("#result")).to_have_text("Refused: access_denied")


def test_customers_open_the_apps_own_pages_before_they_decide(page, server):
    name = "Savanna Pay " + secrets.token_hex(4)
    page.goto(server.issuer + "/portal/apps/new")
    sign_in(page, "developer@example.test", "sandbox-developer")
    page.goto(server.issuer + "/portal/apps/new")
    page.get_by_label("App name").fill(name)
    page.get_by_label("Redirect URIs").fill("https://savanna.example/callback")
    page.get_by_role("button", name="Create app").click()
    page.wait_for_url("**/secret*")
    page.goto(server.issuer + "/portal/apps")
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/portal/apps/app_*")
    client_id = page.locator("dd code").first.inner_text()
    page.get_by_role("link", name="Say what it does").click()
    page.get_by_label("What it does for the customer").fill("Shows where your money goes each month.")
    page.get_by_label("Website").fill("https://savanna.example")
    page.get_by_label("Privacy policy").fill("http://savanna.example/privacy")
    page.get_by_label("Terms of use").fill("https://savanna.example/terms")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("alert")).to_contain_text("Begin with https://")
    check(page, "portal-edit-app-pages-mistake")
    page.get_by_label("Privacy policy").fill("https://savanna.example/privacy")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Privacy policy: https://savanna.example/privacy")).to_be_visible()
    check(page, "portal-app-pages")

    query = urlencode({
        "response_type": "code", "client_id": client_id, "redirect_uri": "https://savanna.example/callback", "scope": "openid accounts.read",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"})
    page.goto(f"{server.issuer}/oauth2/authorize?{query}")
    sign_in(page)
    for title, address in [("Its website", ""), ("Its privacy policy", "/privacy"), ("Its terms of use", "/terms")]:
        link = page.get_by_role("link", name=f"{title} (opens in a new tab)")
        expect(link).to_have_attribute("href", f"https://savanna.example{address}")
        expect(link).to_have_attribute("rel", "noopener noreferrer")
    check(page, "customer-consent-pages")
