"""Starts the built server on a free port with a data folder of its own, and drives it in Chromium as its users do."""

import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from relying_parties import SinglePageApp, registered

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEKEZA_BIN", str(ROOT / ".build/debug/wekeza"))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ASSETS = os.environ.get("WEKEZA_ASSETS", str(ROOT))
SHOTS = os.environ.get("WEKEZA_SHOTS")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One `wekeza serve --demo`; it can be stopped and started again on the same data."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.port, self.ops_port, self.tls_port = free_port(), free_port(), free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.arguments = ["--data", self.folder.name, "--assets", ASSETS, "--database", f"sqlite:{self.folder.name}/wekeza.db"]
        self.output = open(Path(self.folder.name) / "output", "w+")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--demo", "--port", str(self.port), "--ops-port", str(self.ops_port), "--tls-port", str(self.tls_port),
             *self.arguments],
            stdout=self.output, stderr=subprocess.STDOUT, cwd=ROOT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended:\n" + self.printed()
            try:
                if requests.get(f"http://127.0.0.1:{self.ops_port}/readyz", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise RuntimeError("the server is not ready:\n" + self.printed())

    def stop(self):
        self.process.terminate()
        return self.process.wait(30)

    def restart(self):
        assert self.stop() == 0, self.printed()
        self.start()

    def printed(self):
        self.output.flush()
        return Path(self.output.name).read_text()

    def create_app(self, name, *arguments):
        """`wekeza apps create`, beside the running server."""
        done = subprocess.run(
            [BINARY, "apps", "create", "--name", name, "--json", *self.arguments, *arguments], capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def mail_to(self, page, address):
        """The text of the newest mail to an address in the demo's mailbox."""
        page.goto(self.issuer + "/demo/mailbox")
        mail = page.locator("article.mail", has_text=address).first
        return mail

    def close(self):
        if self.process.poll() is None:
            assert self.stop() == 0, self.printed()
        self.output.close()
        self.folder.cleanup()


@pytest.fixture(scope="session")
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watch:
    """Notes what the console complains about: a policy violation, a failed script, a broken address."""

    def __init__(self, page):
        self.complaints = []
        page.on("console", lambda message: message.type in ("error", "warning") and self.note(message.text))
        page.on("pageerror", lambda error: self.note(str(error)))

    def note(self, text):
        # A refused form answers 4xx with a page, which Chromium mentions; that is no mistake.
        if "Failed to load resource" not in text:
            self.complaints.append(text)


@pytest.fixture
def browse(chromium):
    """Opens a page in a browser of its own: browse(javaScriptEnabled=False, color_scheme="dark", …)."""
    contexts, watches = [], []

    def open_page(**options):
        context = chromium.new_context(**options)
        context.set_default_timeout(15000)
        contexts.append(context)
        page = context.new_page()
        page.has_scripts = options.get("java_script_enabled", True)
        watches.append(Watch(page))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for watch in watches for text in watch.complaints] == []


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request, browse):
    return browse(java_script_enabled=request.param)


@pytest.fixture(scope="session")
def relying_party(server):
    """A partner's backend on another origin, with a secret."""
    with registered(server, "Jamii Rent") as party:
        yield party


@pytest.fixture(scope="session")
def single_page_app(server):
    """An app that lives in the browser alone, on another origin."""
    party = SinglePageApp(server.issuer)
    app = server.create_app(
        "Pesa Planner", "--redirect-uri", party.redirect_uri, "--auth-method", "none", "--grant-types", "authorization_code,refresh_token",
        "--scopes", "openid profile accounts.read transactions.read")
    party.client_id = app["client_id"]
    yield party
    party.close()


def sign_in(page, name="amina.traveler", password="sandbox"):
    page.get_by_label("Email or username").fill(name)
    page.get_by_label("Password").fill(password)
    # The click alone returns before the answer: who then reads the cookies would meet either page. And a page that is
    # still loading is not reloaded: Chromium refuses that while it changes from one page to the next.
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def approve(page):
    """Ticks the first account that can be shared, where accounts are asked for, and approves."""
    button = page.get_by_role("button", name="Approve")
    button.wait_for()
    boxes = page.locator("input[type=checkbox]:enabled")
    if boxes.count() > 0:
        boxes.first.check()
    button.click()


def check(page, name):
    """The bars that every page passes: axe in light and dark, no sideways scroll at 320 px, one h1, a title of its own."""
    assert page.locator("h1").count() == 1, f"{name}: {page.locator('h1').count()} h1"
    size = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1100, 320):
            page.set_viewport_size({"width": width, "height": 900})
            if SHOTS and width == 1100:
                page.screenshot(path=f"{SHOTS}/{name}-{scheme}.png", full_page=True)
            # axe is a script itself.
            results = Axe().run(page).response["violations"] if page.has_scripts else []
            found = [f"{violation['id']}: {node['html']}" for violation in results for node in violation["nodes"]]
            assert found == [], f"{name} {scheme} {width}: {found}"
            scroll = page.evaluate("document.documentElement.scrollWidth")
            assert scroll <= width, f"{name}: scrolls sideways to {scroll} px at {width} px"
    if SHOTS:
        page.set_viewport_size({"width": 360, "height": 800})
        page.emulate_media(color_scheme="light")
        page.screenshot(path=f"{SHOTS}/{name}-phone.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(size)
    weight = page.evaluate(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).reduce((sum, entry) => sum + (entry.encodedBodySize || 0), 0)")
    assert weight < 60_000, f"{name}: {weight} bytes"


def host(url):
    return re.sub(r"^(https?://[^/?#]*).*", r"\1", url)
