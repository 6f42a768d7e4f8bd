"""Initial access tokens in the portal: made, used by software, revoked."""

import secrets

import requests
from playwright.sync_api import expect

from conftest import check, sign_in


def test_a_developer_lets_software_register_itself(page, server):
    name = "Build server " + secrets.token_hex(4)
    robot = "Robot of " + name
    page.goto(server.issuer + "/portal/registration")
    sign_in(page, "developer@example.test", "sandbox-developer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Registration by software")
    check(page, "portal-registration-empty")
    page.get_by_label("How many apps it registers").fill("none")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a name for the token")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number of apps from 1 to 1000")
    check(page, "portal-registration-mistake")
    page.get_by_label("How many apps it registers").fill("5")
    page.get_by_label("Profile of its apps").select_option(label="OAuth 2.1")
    page.get_by_role("button", name="Create token").click()

    token = page.locator("#initial-access-token").inner_text()
    check(page, "portal-registration-token")
    answer = requests.post(
        server.issuer + "/oauth2/register", headers={"Authorization": f"Bearer {token}"},
        json={"client_name": robot, "redirect_uris": ["https://robot.example.com/callback"]})
    assert answer.status_code == 201, answer.text

    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("4 of 5")
    check(page, "portal-registration")
    page.goto(server.issuer + "/portal/apps")
    expect(page.get_by_role("row", name=robot)).to_contain_text("Registered itself")
    check(page, "portal-apps-registered")
    page.get_by_role("link", name=robot).click()
    expect(page.get_by_role("heading", name="Its own registration")).to_be_visible()
    check(page, "portal-app-registered")
    page.get_by_role("link", name="Revoke its registration access token").click()
    check(page, "portal-app-registration-revoke")
    page.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_text("its registration access token is revoked")).to_be_visible()
    client = answer.json()
    assert requests.get(client["registration_client_uri"], headers={"Authorization": f"Bearer {client['registration_access_token']}"}).status_code == 401

    page.goto(server.issuer + "/portal/registration")
    page.get_by_role("link", name=f"Revoke the token {name}").click()
    check(page, "portal-registration-revoke")
    page.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("Revoked")
    assert requests.post(server.issuer + "/oauth2/register", headers={"Authorization": f"Bearer {token}"}, json={}).status_code == 401
