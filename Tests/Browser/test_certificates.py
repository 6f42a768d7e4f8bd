"""An app's certificate: requested with a key that stays at home, used over mutual TLS, removed. In the browser, and by the client that it is for."""

import subprocess

import pytest
import requests
from playwright.sync_api import expect

from conftest import check, sign_in


@pytest.fixture
def keys(tmp_path):
    """A key and its signing request, as the page tells to make them."""
    subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=acme-budget",
         "-keyout", str(tmp_path / "client.key"), "-out", str(tmp_path / "client.csr")], check=True, capture_output=True)
    return tmp_path


def received(server, folder):
    """What the server says about the certificate that curl's cousin sends."""
    return requests.get(
        f"https://localhost:{server.tls_port}/tls/certificate", cert=(str(folder / "client.pem"), str(folder / "client.key")),
        verify=f"{server.folder.name}/tls/authority.pem", timeout=10).json()


def test_a_certificate_is_requested_used_and_removed(page, server, keys):
    page.goto(server.issuer + "/portal/apps")
    sign_in(page, "developer@example.test", "sandbox-developer")
    page.get_by_role("link", name="Acme Budget").first.click()
    page.get_by_role("link", name="Certificates").click()
    check(page, "developer-certificates-none")

    page.get_by_label("Signing request or certificate").fill((keys / "client.key").read_text())
    page.get_by_role("button", name="Add certificate").click()
    expect(page.locator(".error-summary")).to_contain_text("This holds a private key")
    check(page, "developer-certificates-refused")

    page.get_by_label("Signing request or certificate").fill((keys / "client.csr").read_text())
    page.get_by_role("button", name="Add certificate").click()
    expect(page.get_by_text("The certificate is issued")).to_be_visible()
    check(page, "developer-certificates")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download the certificate").click()
    download.value.save_as(keys / "client.pem")
    answer = received(server, keys)
    assert answer["accepted"] is True and answer["subject"] == "CN=acme-budget,O=Acme Budget"

    page.get_by_role("link", name="Remove the certificate").click()
    check(page, "developer-certificate-remove")
    page.get_by_role("button", name="Remove the certificate").click()
    expect(page.get_by_text("The certificate is removed")).to_be_visible()
    assert received(server, keys)["refusal"] == "not_of_this_app"


def test_what_reached_us_of_a_browser(page, server):
    page.goto(server.issuer + "/tls/certificate")

    expect(page.get_by_role("heading", level=1)).to_have_text("No certificate reached us")
    expect(page.get_by_text(f"https://localhost:{server.tls_port}/tls/certificate").first).to_be_visible()
    check(page, "visitor-certificate")
