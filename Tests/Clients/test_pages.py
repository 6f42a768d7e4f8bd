"""Pages asked for as no browser would ask."""

import re
import secrets

import pytest
import requests

from conftest import FormParser, eventually


@pytest.mark.parametrize("forged", [
    {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example;proto=https"}, {"Host": "evil.example:443", "X-Forwarded-Proto": "https"},
], ids=lambda forged: " ".join(forged))
def test_a_reset_link_leads_to_the_issuer_whatever_host_was_asked(server, forged):
    """UI-17."""
    email = f"{secrets.token_hex(6)}@savanna.example"
    sent(server, "/portal/sign-up", {}, name="Wanjiku Njoroge", email=email, company="Savanna Pay", password="correct horse battery staple")

    sent(server, "/portal/forgotten-password", forged, email=email)
    mail = eventually(lambda: next((mail for mail in mails(server, email) if "/portal/reset-password" in mail), None))

    assert mail
    links = re.findall(r"https?://[^\s\"<]+", mail)
    assert links and all(link.startswith(server.issuer + "/") for link in links)
    assert "evil" not in mail


def sent(server, path, headers, **values):
    """Fills in the page's form as someone who reaches the server under another name."""
    browser = requests.Session()
    page = browser.get(server.issuer + path, headers=headers, timeout=10)
    parser = FormParser()
    parser.feed(page.text)
    form = next(form for form in parser.forms if any(name == "csrf" for name, _ in form["fields"]))
    answer = browser.post(
        server.issuer + (form["action"] or path), data=dict(form["fields"]) | values, headers=headers, cookies=page.cookies.get_dict(), allow_redirects=False, timeout=20)
    assert answer.status_code == 303, answer.text
    assert "evil" not in answer.headers["Location"]


def mails(server, address):
    """The texts of the mails to an address in the demo's mailbox."""
    page = requests.get(server.issuer + "/demo/mailbox", timeout=10).text
    return [mail for mail in re.findall(r'<article class="card mail.*?</article>', page, re.S) if address in mail]
