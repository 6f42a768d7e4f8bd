"""Follows every link of every page, as a visitor, a developer, a member of staff and a customer: none is broken, and one page of each kind passes the bars."""

import re
from collections import deque
from urllib.parse import urldefrag, urlsplit

import pytest

from conftest import check, sign_in

# Downloads and addresses of the protocol are no pages; signing out ends the walk.
SKIPPED = re.compile(r"\.csv$|\.ya?ml$|\.json$|\.pem$|^/oauth2/|^/\.well-known/|^/static/|^/openapi/")
IDENTIFIER = re.compile(r"\b(app|cns|org|req|usr|ses|sec|inv|iat|grt|evt|key)_[0-9A-Za-z_-]+|mail-\d+")
# Pages of one template with much the same text: a few stand for all.
ALIKE = re.compile(r"^/docs/(errors/oauth|errors|reference)/.+")

WALKS = {
    "visitor": ("/", None),
    "developer": ("/portal", ("developer@example.test", "sandbox-developer")),
    "staff": ("/staff", ("staff@example.test", "sandbox-staff")),
    "customer": ("/my", ("amina.traveler", "sandbox")),
}


# What one walk has looked at, another does not look at again; what belongs to one population is its own.
checked_by_all = set()


def kind(path):
    path = IDENTIFIER.sub("id", path)
    return ALIKE.sub(r"/docs/\1/x", path)


def links(page, issuer):
    for address in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
        if address.startswith(issuer + "/"):
            path = urldefrag(address)[0][len(issuer):]
            if not SKIPPED.search(urlsplit(path).path):
                yield path


@pytest.mark.parametrize("who", WALKS)
def test_every_link_leads_to_a_page_that_passes(browse, server, relying_party, who):
    start, credentials = WALKS[who]
    page = browse()
    if credentials:
        page.goto(server.issuer + start)
        sign_in(page, *credentials)
    seen, checked, waiting = {start}, set(checked_by_all), deque([(start, "the start")])
    before = len(checked)
    while waiting and len(seen) < 400:
        path, origin = waiting.popleft()
        # Pages that were looked at are only asked whether they are there.
        known = kind(urlsplit(path).path) in checked
        response = page.request.get(server.issuer + path) if known else page.goto(server.issuer + path)
        assert response.status < 400, f"{path}, linked from {origin}, answers {response.status}"
        if known:
            continue
        place = kind(urlsplit(page.url).path)
        if place not in checked:
            checked.add(place)
            if not place.startswith(("/portal", "/staff", "/my")):
                checked_by_all.add(place)
            check(page, f"{who}{place.replace('/', '-')}")
        for found in links(page, server.issuer):
            # Pages of a list differ in their query; one such page of each path is enough.
            if found not in seen and (kind(urlsplit(found).path) not in checked or "?" not in found):
                seen.add(found)
                waiting.append((found, path))
    assert len(checked) - before >= 2
