"""The customer's way: from an app to the question, to the decision, and to /my, where it is undone."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import expect

from conftest import approve, check, host, sign_in


def open_question(page, party, name="amina.traveler", **more):
    """Lodges a consent and goes to the question about it."""
    consent = party.lodge(transactions_from="2026-06-01T00:00:00Z") if "scope" not in more else None
    page.goto(party.authorize_address(consent, **more))
    sign_in(page, name)
    return consent


def answer_of(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


class TestTheWholeWay:
    """Steps 3 to 7 of the main job, with a partner's backend on another origin."""

    def test_approve_read_and_withdraw(self, page, server, relying_party):
        consent = relying_party.lodge(transactions_from="2026-06-01T00:00:00Z")
        page.goto(relying_party.authorize_address(consent))
        expect(page.get_by_role("heading", name="Sign in to Wekeza")).to_be_visible()
        sign_in(page)

        expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks to see your accounts")
        expect(page.get_by_text("since 1 June 2026")).to_be_visible()
        expect(page.locator("time", has_text="19 February 2027")).to_be_visible()
        boxes = page.get_by_role("checkbox")
        assert boxes.count() >= 2
        first = boxes.first.evaluate("box => box.labels[0].textContent")
        assert "••••" in first
        assert not any(box.is_checked() for box in boxes.all())
        approve(page)

        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert relying_party.exchange().status_code == 200
        accounts = relying_party.call("/v1/accounts")
        assert accounts.status_code == 200, accounts.text
        [account] = accounts.json()["data"]
        assert account["name"] in first
        for path in ("balance", "transactions?from=2026-10-01&to=2026-10-31"):
            assert relying_party.call(f"/v1/accounts/{account['id']}/{path}").status_code == 200

        page.goto(server.issuer + "/my")
        card = page.get_by_role("article", name="Jamii Rent").filter(has_text="Until")
        expect(card.first).to_contain_text(account["name"])
        deadline = time.monotonic() + 1.5
        while page.locator("td", has_text="transactions of").count() == 0 and time.monotonic() < deadline:
            page.reload()
        expect(page.locator("td", has_text="Balance of").first).to_be_visible()
        expect(page.locator("td", has_text="transactions of").first).to_be_visible()

        # The newest connection stands first.
        page.get_by_role("button", name="Stop sharing with Jamii Rent").first.click()
        expect(page.get_by_role("status").first).to_contain_text("You stopped sharing with Jamii Rent")
        stopped = time.monotonic()
        while relying_party.call("/v1/accounts").status_code == 200:
            assert time.monotonic() - stopped < 1, "the withdrawal took longer than a second"
        refused = relying_party.call("/v1/accounts")
        assert (refused.status_code, refused.json()["code"]) == (403, "consent_revoked")
        assert relying_party.refresh().json()["error"] == "invalid_grant"
        view = relying_party.consent(consent).json()
        assert (view["status"], view["status_actor"]) == ("revoked", "customer")

    def test_the_partner_ends_it(self, page, server, relying_party):
        consent = open_question(page, relying_party)
        approve(page)
        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert relying_party.exchange().status_code == 200

        assert relying_party.end(consent).status_code == 204

        page.goto(server.issuer + "/my")
        expect(page.get_by_text("Jamii Rent ended the connection itself").first).to_be_visible()
        assert page.locator(f"#app-{consent}").count() == 0

    def test_reject(self, page, relying_party):
        consent = open_question(page, relying_party, name="brian.parent")
        page.get_by_role("button", name="Reject").click()

        page.wait_for_url(relying_party.redirect_uri + "?*")
        answer = answer_of(page)
        assert answer["error"] == "access_denied" and answer["iss"] == relying_party.issuer and "code" not in answer
        view = relying_party.consent(consent).json()
        assert (view["status"], view["status_actor"]) == ("rejected", "customer")

    def test_back_to_the_app_without_signing_in(self, page, relying_party):
        page.goto(relying_party.authorize_address(relying_party.lodge()))
        page.get_by_role("link", name="Go back to Jamii Rent").click()

        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert answer_of(page)["error"] == "access_denied"

    def test_only_who_somebody_is(self, page, server, relying_party):
        open_question(page, relying_party, name="chao.digital", scope="openid profile email")
        expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks who you are")
        assert page.get_by_role("checkbox").count() == 0
        approve(page)

        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert relying_party.exchange().status_code == 200
        page.goto(server.issuer + "/my")
        expect(page.get_by_role("heading", name="Apps that know who you are")).to_be_visible()
        page.get_by_role("button", name="Stop Jamii Rent from knowing who you are").first.click()
        assert relying_party.refresh().json()["error"] == "invalid_grant"


class TestMistakes:
    def test_sign_in_says_what_is_missing_and_what_is_wrong(self, page, relying_party):
        page.goto(relying_party.authorize_address(relying_party.lodge()))
        page.get_by_role("button", name="Sign in").click()
        summary = page.get_by_role("alert")
        expect(summary.get_by_role("link")).to_have_text(["Enter your email or username", "Enter your password"])
        assert page.title().startswith("Error: ")
        summary.get_by_role("link").first.click()
        expect(page.get_by_label("Email or username")).to_be_focused()

        sign_in(page, "nobody.here", "wrong")
        unknown = page.get_by_role("alert").inner_text()
        sign_in(page, "elijah.boomer", "wrong")
        assert page.get_by_role("alert").inner_text() == unknown
        expect(page.get_by_label("Email or username")).to_have_value("elijah.boomer")
        expect(page.get_by_label("Password")).to_have_value("")

    def test_approving_nothing(self, page, relying_party):
        open_question(page, relying_party)
        page.get_by_role("button", name="Approve").click()

        expect(page.get_by_role("alert").get_by_role("link")).to_have_text("Choose at least one account.")
        assert page.title().startswith("Error: ")
        check(page, "consent-error")

    def test_an_account_that_cannot_be_shared_says_why(self, page, relying_party):
        open_question(page, relying_party)

        disabled = page.locator("input[type=checkbox]:disabled").first
        expect(disabled).to_be_visible()
        note = disabled.evaluate("box => box.getAttribute('aria-describedby').split(' ').map(id => document.getElementById(id).textContent).join(' ')")
        assert "Cannot be shared" in note

    def test_the_back_button_after_the_decision(self, page, relying_party):
        open_question(page, relying_party)
        approve(page)
        page.wait_for_url(relying_party.redirect_uri + "?*")

        page.go_back()

        expect(page.get_by_role("heading", level=1)).to_have_text("You have already answered")

    def test_two_tabs_one_decision(self, browse, relying_party):
        page = browse()
        open_question(page, relying_party)
        other = page.context.new_page()
        other.goto(page.url)
        approve(page)
        page.wait_for_url(relying_party.redirect_uri + "?*")

        other.get_by_role("button", name="Reject").click()

        expect(other.get_by_role("heading", level=1)).to_have_text("You have already answered")

    def test_two_requests_at_once_do_not_disturb_each_other(self, browse, relying_party):
        page = browse()
        page.goto(relying_party.authorize_address(relying_party.lodge()))
        other = page.context.new_page()
        other.goto(relying_party.authorize_address(relying_party.lodge()))
        sign_in(page)
        approve(page)
        page.wait_for_url(relying_party.redirect_uri + "?*")

        other.reload()
        approve(other)

        other.wait_for_url(relying_party.redirect_uri + "?*")
        assert "code" in answer_of(other)

    def test_lost_cookies(self, page, relying_party):
        page.goto(relying_party.authorize_address(relying_party.lodge()))
        page.context.clear_cookies()
        sign_in(page)

        expect(page.get_by_role("heading", level=1)).to_have_text("We do not recognise this browser")
        check(page, "other-browser")

    def test_a_link_that_was_cut(self, page, server):
        page.goto(server.issuer + "/oauth2/authorize/continue?transaction=abc")

        expect(page.get_by_role("heading", level=1)).to_have_text("This link is not complete")

    def test_a_session_that_ended_while_the_page_was_open(self, browse, server, relying_party):
        page = browse()
        open_question(page, relying_party)
        page.context.clear_cookies(name="wkz_customer")
        approve(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Wekeza")
        sign_in(page)
        approve(page)

        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert "code" in answer_of(page)

    def test_not_you(self, page, relying_party):
        open_question(page, relying_party)
        page.get_by_role("link", name="Not you?").click()
        sign_in(page, "brian.parent")

        expect(page.get_by_text("Signed in as Brian")).to_be_visible()

    def test_a_restart_in_the_middle(self, browse, server, relying_party):
        page = browse()
        open_question(page, relying_party)
        server.restart()
        approve(page)

        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert relying_party.exchange().status_code == 200

    @pytest.mark.parametrize("change, heading", [
        ({"client_id": "nobody"}, "We do not know this app"),
        ({"redirect_uri": "https://evil.example/"}, "We cannot send you back to this app"),
    ])
    def test_a_request_that_cannot_be_trusted_is_a_page(self, page, relying_party, change, heading):
        response = page.goto(relying_party.authorize_address(relying_party.lodge(), **change))

        assert response.status == 400 and host(page.url) == relying_party.issuer
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)

    def test_the_policy_allows_the_app_only_where_it_must(self, browse, server, relying_party):
        page = browse()
        response = page.goto(relying_party.authorize_address(relying_party.lodge()))
        assert f"form-action 'self' {relying_party.origin};" in response.headers["content-security-policy"]

        response = page.goto(server.issuer + "/my/sign-in")
        assert "form-action 'self';" in response.headers["content-security-policy"]

    def test_a_form_of_another_site_decides_nothing(self, browse, relying_party):
        page = browse()
        open_question(page, relying_party)
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        form = {"transaction": page.locator("main input[name=transaction]").input_value(), "decision": "approve"}
        address = relying_party.issuer + "/oauth2/authorize/decision"

        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}):
            answer = requests.post(address, data=form, cookies=cookies, headers=headers, allow_redirects=False, timeout=10)
            assert answer.status_code == 403 and "code=" not in answer.headers.get("Location", "")

    def test_a_request_by_form(self, browse, relying_party):
        page = browse()
        address = relying_party.authorize_address(relying_party.lodge())
        endpoint, query = address.split("?", 1)
        page.goto(relying_party.origin)
        fields = [[name, value] for name, values in parse_qs(query).items() for value in values]
        page.evaluate(
            """([endpoint, fields]) => { const form = document.createElement("form"); form.method = "post"; form.action = endpoint;
            for (const [name, value] of fields) { const input = document.createElement("input"); input.name = name; input.value = value; form.append(input); }
            document.body.append(form); form.submit(); }""", [endpoint, fields])

        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Wekeza")


class TestMy:
    def test_sign_in_with_the_organisation_in_the_name(self, page, server):
        page.goto(server.issuer + "/my")
        sign_in(page, "diana.student@acme-budget")
        expect(page.get_by_role("heading", level=1)).to_have_text("Who can see your accounts")
        check(page, "my-empty")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("status").first).to_contain_text("You have signed out")
        page.goto(server.issuer + "/my/security")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Wekeza")

    def test_other_sessions_are_ended(self, browse, server):
        here, there = browse(), browse()
        for page in (there, here):
            page.goto(server.issuer + "/my/security")
            sign_in(page, "elijah.boomer")
        check(here, "security")
        here.get_by_role("button", name="Sign out everywhere else").click()
        expect(here.get_by_role("status").first).to_contain_text("Signed out there")

        there.goto(server.issuer + "/my")
        expect(there.get_by_role("heading", level=1)).to_have_text("Sign in to Wekeza")

    def test_the_password_is_changed(self, page, server):
        # The server is shared: the test runs with and without scripts, from one password to the next.
        old, new = ("sandbox", "savannah-rail-1187") if page.has_scripts else ("savannah-rail-1187", "savannah-rail-1188")
        page.goto(server.issuer + "/my/security")
        sign_in(page, "elijah.boomer", old)

        def change(current, chosen):
            page.get_by_label("Current password").fill(current)
            page.get_by_label("New password").fill(chosen)
            page.get_by_role("button", name="Change password").click()

        change("wrong", new)
        expect(page.get_by_role("alert").get_by_role("link")).to_have_text("This is not your current password. Check it and try again.")
        change(old, "short")
        expect(page.get_by_role("alert").get_by_role("link")).to_have_text("Use at least 8 characters")
        check(page, "security-error")
        change(old, new)
        expect(page.get_by_role("status").first).to_contain_text("Your password is changed")
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, "elijah.boomer", old)
        expect(page.get_by_role("alert")).to_be_visible()
        sign_in(page, "elijah.boomer", new)
        expect(page.get_by_role("heading", level=1)).to_have_text("Who can see your accounts")

    def test_a_form_of_another_site_is_not_answered(self, browse, server):
        page = browse()
        page.goto(server.issuer + "/my")
        sign_in(page, "chao.digital")
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}

        answer = requests.post(server.issuer + "/my/sign-out", data={"csrf": "x"}, cookies=cookies, allow_redirects=False, timeout=10)

        assert answer.status_code == 403
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Who can see your accounts")

    def test_the_log_pages_downloads_and_prints(self, page, server, relying_party):
        consent = open_question(page, relying_party, name="chao.digital")
        approve(page)
        page.wait_for_url(relying_party.redirect_uri + "?*")
        relying_party.exchange()
        for _ in range(20):
            relying_party.call("/v1/accounts")
        relying_party.call("/v1/accounts/acc_somebodyelses/balance")

        page.goto(server.issuer + "/my")
        deadline = time.monotonic() + 10
        while not page.get_by_text("which you did not share").count() and time.monotonic() < deadline:
            page.reload()
        expect(page.get_by_text("which you did not share").first).to_be_visible()
        check(page, "my")
        page.get_by_role("link", name="Show older").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Every look at your accounts")
        check(page, "looks")
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        table = requests.get(server.issuer + "/my/looks.csv", cookies=cookies, timeout=10)
        assert table.headers["content-type"].startswith("text/csv") and len(table.text.splitlines()) >= 22

        page.goto(f"{server.issuer}/my/consents/{consent}")
        check(page, "receipt")
        expect(page.get_by_text(consent)).to_be_visible()
        page.emulate_media(media="print")
        expect(page.get_by_role("button", name="Stop sharing")).to_be_hidden()
        page.emulate_media(media="screen")

    def test_a_receipt_of_somebody_else_does_not_exist(self, page, server, relying_party):
        consent = relying_party.lodge()
        page.goto(server.issuer + "/my")
        sign_in(page, "diana.student")

        response = page.goto(f"{server.issuer}/my/consents/{consent}")

        assert response.status == 404
        expect(page.get_by_role("heading", level=1)).to_have_text("There is no page at this address")


class TestLooks:
    def test_sign_in_and_the_question(self, page, relying_party):
        page.goto(relying_party.authorize_address(relying_party.lodge(transactions_from="2026-06-01T00:00:00Z")))
        check(page, "sign-in")
        page.get_by_role("button", name="Sign in").click()
        check(page, "sign-in-error")
        sign_in(page)
        check(page, "consent")
        yes, no = (page.get_by_role("button", name=name).bounding_box() for name in ("Approve", "Reject"))
        assert (yes["y"], yes["width"], yes["height"]) == (no["y"], no["width"], no["height"])

    def test_the_keyboard_is_enough(self, browse, relying_party):
        page = browse()
        page.goto(relying_party.authorize_address(relying_party.lodge()))
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("amina.traveler")
        page.keyboard.press("Tab")
        page.keyboard.type("sandbox")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Jamii Rent asks to see your accounts")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('input[name=accounts]:not(:checked)')"):
                page.keyboard.press("Space")
            if page.evaluate("document.activeElement.value") == "approve":
                break
        page.keyboard.press("Enter")

        page.wait_for_url(relying_party.redirect_uri + "?*")
        assert "code" in answer_of(page)


class TestTheAnswerInAForm:
    """OAuth 2.0 Form Post Response Mode, which the page's policy must let through to the app alone."""

    @pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
    def test_it_reaches_the_app_by_post(self, browse, relying_party, script):
        page, received = browse(java_script_enabled=script), []

        def take(route):
            received.append((route.request.method, parse_qs(route.request.post_data or "")))
            route.fulfill(status=200, content_type="text/html", body="<title>Thank you</title>")

        page.route(relying_party.redirect_uri, take)
        page.goto(relying_party.authorize_address(relying_party.lodge(), response_mode="form_post"))
        sign_in(page)
        approve(page)
        if not script:
            expect(page.get_by_role("heading", name="Back to the app")).to_be_visible()
            check(page, "form-post")
            page.get_by_role("button", name="Continue").click()

        expect(page).to_have_title("Thank you")
        [(method, fields)] = received
        assert method == "POST"
        assert fields["code"][0].startswith("wkz_ac_") and fields["iss"]
