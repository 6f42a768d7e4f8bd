"""The page that error_uri leads to: details for the app's own developers, general words for others."""

import requests
from playwright.sync_api import expect

from conftest import check, sign_in


def refusal(server, **form):
    """The error_uri of a token request with a wrong secret or with these parameters."""
    answer = requests.post(
        server.issuer + "/oauth2/token", data={"grant_type": "client_credentials", **form}, auth=("acme-budget", "wkz_sk_wrong"), timeout=10)
    return answer.json()["error_uri"]


def test_a_developer_signs_in_and_reads_what_was_refused(page, server):
    page.goto(refusal(server))
    expect(page.get_by_role("heading", level=1)).to_have_text("The app did not prove who it is")
    expect(page.get_by_role("heading", name="What was refused")).to_have_count(0)
    check(page, "refusal-visitor")

    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, "developer@example.test", "sandbox-developer")

    expect(page.get_by_role("heading", name="What was refused")).to_be_visible()
    expect(page.get_by_text("RFC 6749 §2.3.1").first).to_be_visible()
    expect(page.get_by_text("12 characters, a client secret")).to_be_visible()
    check(page, "refusal-owner")


def test_the_page_that_keeps_a_customer_leads_there(page, server):
    page.goto(server.issuer + "/portal/sign-in")
    sign_in(page, "developer@example.test", "sandbox-developer")
    page.goto(
        server.issuer + "/oauth2/authorize?response_type=code&client_id=acme-budget&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fdemo%2Fcallback%2F")
    check(page, "refusal-redirect-notice")

    page.get_by_role("link", name="Details for the app’s developer").click()

    expect(page.get_by_role("heading", name="Registered now")).to_be_visible()
    expect(page.get_by_text("http://localhost:8080/demo/callback/")).to_be_visible()
    check(page, "refusal-redirect")
