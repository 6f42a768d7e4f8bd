"""Another site puts our pages into a frame of its own."""

import time

import pytest

from relying_parties import Party
from test_customer import open_question


class Framer(Party):
    """Frames whatever its address names."""

    def answer(self, handler):
        framed = handler.path.removeprefix("/frame?")
        body = "<p>Framed</p>" if framed == handler.path else f'<!doctype html><title>Win a prize</title><iframe src="{framed}"></iframe>'
        self.reply(handler, body)


@pytest.fixture
def framer(server):
    party = Framer(server.issuer)
    yield party
    party.close()


@pytest.fixture
def framed(chromium, framer):
    """What Chromium shows of an address in a frame of another site, and whether it says that it refused."""
    def show(address):
        context = chromium.new_context()
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{framer.origin}/frame?{address}", wait_until="load")
        frame = page.frames[1]
        # The load that is over says nothing of a frame that was refused: its error page comes when it comes.
        deadline = time.monotonic() + 10
        while not frame.url and time.monotonic() < deadline:
            page.wait_for_timeout(20)
        answer = frame.url, frame.locator("body").inner_text(), any("frame-ancestors" in complaint for complaint in complaints)
        context.close()
        return answer
    return show


def test_no_page_is_shown_in_a_frame_of_another_site(browse, server, relying_party, framer, framed):
    """UI-10."""
    asking = browse()
    open_question(asking, relying_party)
    addresses = [
        server.issuer + "/my/sign-in", server.issuer + "/portal/sign-in", server.issuer + "/staff/sign-in", server.issuer + "/demo",
        relying_party.authorize_address(scope="openid"), asking.url,
    ]

    # What lets itself be framed is shown.
    assert framed(framer.origin + "/") == (framer.origin + "/", "Framed", False)
    for address in addresses:
        url, text, refused = framed(address)
        assert refused and url.startswith("chrome-error:"), address
        assert "Wekeza" not in text
