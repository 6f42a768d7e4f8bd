"""Profile, keys and the way an app proves itself, changed in the portal."""

import json

import pytest
from playwright.sync_api import expect

from conftest import check, sign_in

# RFC 7515 appendix A.3.
KEYS = json.dumps({"keys": [{
    "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})


@pytest.fixture
def app_page(page, server):
    """An app of the demo's developer, open in the portal."""
    page.goto(server.issuer + "/portal/sign-in")
    sign_in(page, "developer@example.test", "sandbox-developer")
    page.goto(server.issuer + "/portal/apps/new")
    page.get_by_label("App name").fill("Akiba")
    page.get_by_label("Redirect URIs").fill("https://akiba.example.com/callback")
    page.get_by_role("button", name="Create app").click()
    page.wait_for_url("**/secret*")
    page.goto(page.url.split("/secret")[0])
    return page


def test_from_a_secret_to_fapi_with_contradictions_on_the_way(app_page):
    page = app_page
    page.get_by_role("link", name="Change profile, keys and how it proves itself").click()
    check(page, "app-security")

    page.get_by_label("FAPI 2.0 Security Profile").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("alert")).to_contain_text("does not allow client_secret_basic")
    expect(page.get_by_role("alert")).to_contain_text("binds tokens")
    check(page, "app-security-error")

    page.get_by_label("A JWT that it signs with its own key").check()
    page.get_by_label("Public keys (JWK set)").fill(KEYS.replace('"x"', '"d": "AAAA", "x"'))
    page.get_by_label("To a DPoP key").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("alert")).to_contain_text("Key 1 holds a private part")

    page.get_by_label("Public keys (JWK set)").fill(KEYS)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("The changes are saved.")).to_be_visible()
    expect(page.get_by_text("FAPI 2.0 Security Profile")).to_be_visible()
    expect(page.get_by_role("table", name="Public keys")).to_contain_text("k1")
    check(page, "app-fapi")

    page.get_by_role("link", name="Change profile, keys and how it proves itself").click()
    page.get_by_label("OAuth 2.1", exact=True).check()
    page.get_by_label("Client secret, in the request’s header").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("wkz_sk_").first).to_be_visible()
