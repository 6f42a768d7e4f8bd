"""Starts the built server as its users would, and walks its pages without a browser."""

import json
import os
import re
import resource
import secrets
import socket
import sqlite3
import subprocess
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import requests

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEKEZA_BIN", str(ROOT / ".build/debug/wekeza"))


# Root may read and write what nobody else may, unless it gives that up.
ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def eventually(holds, within=20):
    """Asks another process, which announces nothing, until it says so. A test that waits longer than it should fails by its own assertion.
    - Returns: the first answer that is true, or the last one."""
    deadline = time.monotonic() + within
    while not (answer := holds()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def postgres_database():
    """A database of its own on the tests' PostgreSQL server, or None where there is none."""
    base = os.environ.get("WEKEZA_TEST_POSTGRES")
    if not base:
        return None
    name = "wkz_client_" + secrets.token_hex(6)
    subprocess.run(["psql", base, "-qc", f'CREATE DATABASE "{name}" TEMPLATE template0'], check=True)
    return base.rsplit("/", 1)[0] + "/" + name


def limit_descriptors(count):
    """How many files and sockets a child process may open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


class Server:
    """One running `wekeza serve`, with the demo world unless told otherwise.

    With `beside` it is another node of the same deployment: same database, master key and issuer. With `database` it reaches the database another way;
    with `folder` and `port` it takes the place of a server that was stopped."""

    def __init__(self, engine, *arguments, demo=True, descriptors=None, beside=None, database=None, folder=None, port=None):
        self.engine, self.beside = engine, beside
        self.folder = beside.folder if beside else folder or tempfile.TemporaryDirectory()
        self.port, self.ops_port, self.tls_port = port or free_port(), free_port(), free_port()
        self.address = f"{'https' if '--tls-cert' in arguments else 'http'}://localhost:{self.port}"
        self.issuer = beside.issuer if beside else self.address
        if database:
            self.database = database
        elif beside:
            self.database = beside.database
        else:
            self.database = postgres_database() if engine == "postgres" else f"sqlite:{self.folder.name}/wekeza.db"
        self.output = open(Path(self.folder.name) / f"output-{self.port}", "w+")
        self.arguments = [*(["--demo"] if demo else []), *(["--tls-port", str(self.tls_port)] if demo or "--tls-cert" in arguments else []), *(["--issuer", self.issuer] if beside else []), *arguments]
        self.descriptors = descriptors
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", str(self.port), "--ops-port", str(self.ops_port),
             "--data", self.folder.name, "--assets", str(ROOT), "--database", self.database, *self.arguments],
            stdout=self.output, stderr=subprocess.STDOUT, cwd=ROOT,
            preexec_fn=self.descriptors and (lambda: limit_descriptors(self.descriptors)))
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended:\n" + self.printed())
            try:
                if requests.get(f"http://127.0.0.1:{self.ops_port}/readyz", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise RuntimeError("the server is not ready:\n" + self.printed())

    def printed(self):
        self.output.flush()
        return Path(self.output.name).read_text()

    @property
    def demo_secret(self):
        return re.search(r"wkz_sk_[A-Za-z0-9_-]{43}", self.printed()).group(0)

    def run(self, *command):
        """Another subcommand of `wekeza`, beside the running server.
        Returns what it prints."""
        done = subprocess.run(
            [BINARY, *command, "--data", self.folder.name, "--assets", str(ROOT), "--database", self.database],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def command(self, *arguments, stdin=""):
        """Any other subcommand, on this server's database: its exit code, what it printed, what it complained about."""
        done = subprocess.run(
            [BINARY, *arguments, "--data", self.folder.name, "--assets", str(ROOT), "--database", self.database],
            input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def create_app(self, name, *arguments):
        return json.loads(self.run("apps", "create", "--name", name, "--json", *arguments))

    def stop(self, keep_folder=False):
        self.process.terminate()
        try:
            return self.process.wait(25)
        finally:
            self.process.kill()
            self.output.close()
            if not self.beside and not keep_folder:
                self.folder.cleanup()


def announce_long_ago(server):
    """What only time can do otherwise: the announced signing key grows old enough to sign."""
    change(server, "UPDATE signing_key SET created_at = created_at - 400 WHERE state = 'next'")


def sign_long_ago(server):
    """… and the one that signs, too old to go on."""
    change(server, f"UPDATE signing_key SET signs_since = signs_since - {400 * 86400} WHERE state = 'current'")


def change(server, statements):
    """Changes a server's database behind its back."""
    if server.engine == "postgres":
        subprocess.run(["psql", server.database, "-qc", statements], check=True)
    else:
        with sqlite3.connect(server.database.removeprefix("sqlite:"), timeout=10) as database:
            database.executescript(statements)


class FormParser(HTMLParser):
    """Collects the forms of a page with the fields that a browser would send."""

    def __init__(self):
        super().__init__()
        self.forms, self.current = [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.current = {"action": attributes.get("action", ""), "method": attributes.get("method", "get"), "fields": [], "boxes": []}
            self.forms.append(self.current)
        elif tag == "input" and self.current is not None and attributes.get("name") and "disabled" not in attributes:
            if attributes.get("type") in ("checkbox", "radio"):
                self.current["boxes"].append((attributes["name"], attributes.get("value", "on"), "checked" in attributes))
            elif attributes.get("type") != "submit":
                self.current["fields"].append((attributes["name"], attributes.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "form":
            self.current = None


class Customer:
    """A customer with a cookie jar who follows the pages of the authorization endpoint."""

    def __init__(self, name, password="sandbox"):
        self.name, self.password = name, password
        self.browser = requests.Session()

    def submit(self, page, wanted, values):
        """Sends the form that has a field of this name, or whose address ends so."""
        parser = FormParser()
        parser.feed(page.text)
        form = next(
            form for form in parser.forms
            if form["action"].endswith(wanted) or any(name == wanted for name, _ in form["fields"]) or any(name == wanted for name, _, _ in form["boxes"]))
        fields = [(name, value) for name, value in form["fields"] if name not in values]
        fields += [(name, value) for name, value, checked in form["boxes"] if checked and name not in values]
        for name, value in values.items():
            fields += [(name, one) for one in (value if isinstance(value, list) else [value])]
        return self.browser.post(
            urljoin(page.url, form["action"]), data=fields, allow_redirects=False, headers={"Origin": "/".join(page.url.split("/")[:3])})

    def follow(self, response):
        """Follows redirects within the server; stops at one that leaves it."""
        while response.is_redirect:
            target = urljoin(response.url, response.headers["Location"])
            if target.split("/")[:3] != response.url.split("/")[:3] or "code=" in target or "error=" in target:
                return target
            response = self.browser.get(target, allow_redirects=False)
        return response

    def decide(self, address, decision="approve", accounts=None):
        """Opens an authorization request and answers it.
        Returns the address that the browser is sent back to."""
        page = self.follow(self.browser.get(address, allow_redirects=False))
        if isinstance(page, requests.Response) and 'name="password"' in page.text:
            page = self.follow(self.submit(page, "password", {"username": self.name, "password": self.password}))
        if isinstance(page, str):
            return page
        assert "decision" in page.text, page.text
        parser = FormParser()
        parser.feed(page.text)
        offered = [value for form in parser.forms for name, value, _ in form["boxes"] if name == "accounts"]
        values = {"decision": decision}
        if offered:
            values["accounts"] = offered[:1] if accounts is None else [offered[index] for index in accounts]
        return self.follow(self.submit(page, next(name for form in parser.forms for name, _ in form["fields"]), values))


def engines():
    return ["sqlite"] + (["postgres"] if os.environ.get("WEKEZA_TEST_POSTGRES") else [])
