"""A backup taken under load, and what may not live again after a restore on an empty machine."""

import fcntl
import json
import os
import secrets
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from conftest import BINARY, ROOT, Customer, FormParser, Server, engines, eventually, postgres_database

CALLBACK = "https://partner.example/callback"
SCOPES = "openid offline_access accounts.read"


class Partner:
    """An app that does what an app does, and remembers nothing."""

    def __init__(self, server, name, *arguments):
        self.issuer = server.issuer
        self.app = server.create_app(name, "--redirect-uri", CALLBACK, "--organisation", "acme-budget", *arguments)
        self.secret = self.app.get("client_secret")

    def token(self, **form):
        auth = (self.app["client_id"], self.secret) if self.secret else None
        if not self.secret:
            form["client_id"] = self.app["client_id"]
        return requests.post(f"{self.issuer}/oauth2/token", data=form, auth=auth)

    def lodge(self, key=None):
        own = self.token(grant_type="client_credentials", scope="consents.write").json()["access_token"]
        end = (datetime.now(timezone.utc) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return requests.post(
            f"{self.issuer}/v1/consents", json={"type": "account_access", "permissions": ["ReadAccountsBasic", "ReadBalances"], "expires_at": end},
            headers={"Authorization": f"Bearer {own}", "Idempotency-Key": key or secrets.token_hex(8)})

    def consent(self, consent):
        own = self.token(grant_type="client_credentials", scope="consents.write").json()["access_token"]
        return requests.get(f"{self.issuer}/v1/consents/{consent}", headers={"Authorization": f"Bearer {own}"})

    def address(self, consent=None):
        """An authorization request and the verifier of its code."""
        verifier = secrets.token_urlsafe(40)
        query = {
            "response_type": "code", "client_id": self.app["client_id"], "redirect_uri": CALLBACK, "scope": SCOPES if consent is None else "openid",
            "state": secrets.token_hex(4), "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
        if consent:
            query["authorization_details"] = json.dumps([{"type": "account_access", "consent_id": consent}])
        return requests.Request("GET", f"{self.issuer}/oauth2/authorize", params=query).prepare().url, verifier

    def code(self, customer, consent=None):
        address, verifier = self.address(consent)
        answer = customer.decide(address)
        return parse_qs(urlsplit(answer).query)["code"][0], verifier

    def exchange(self, code, verifier):
        return self.token(grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=CALLBACK)

    def connect(self, customer, consent=None):
        answer = self.exchange(*self.code(customer, consent))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh(self, token):
        return self.token(grant_type="refresh_token", refresh_token=token)

    def accounts(self, token):
        return requests.get(f"{self.issuer}/v1/accounts", headers={"Authorization": f"Bearer {token}"})


class Member:
    """A developer with a cookie jar."""

    def __init__(self, server, email="developer@example.test"):
        self.issuer, self.email, self.browser = server.issuer, email, requests.Session()

    def post(self, path, wanted, values, page=None):
        page = self.browser.get(self.issuer + (page or path))
        return Customer.submit(self, page, wanted, values)

    def sign_in(self, password="sandbox-developer"):
        return self.post("/portal/sign-in", "password", {"username": self.email, "password": password})

    def set_password(self, password):
        """By the mail of "Forgotten your password?", and signs in with it."""
        before = self.links(self.issuer + "/portal/reset-password")
        self.post("/portal/forgotten-password", "email", {"email": self.email})
        page = self.browser.get(self.mailed("/portal/reset-password", before))
        assert Customer.submit(self, page, "password", {"password": password}).status_code == 303
        self.sign_in(password)

    def press(self, path, action):
        """The button of a page whose form leads to `action`."""
        page = Page(self, path, action)
        return Customer.submit(self, page, hidden_field(page), {})

    def is_signed_in(self):
        return self.browser.get(f"{self.issuer}/portal/apps", allow_redirects=False).status_code == 200

    def mailed(self, path, before=()):
        """The latest mailed link to a path that is none of those before: the mail leaves behind the answer to who asked for it."""
        links = eventually(lambda: [link for link in self.links(self.issuer + path) if link not in before])
        assert links, f"no mail has a link to {path}"
        return links[0]

    def links(self, beginning):
        page = self.browser.get(f"{self.issuer}/demo/mailbox").text
        targets = (part.split('"')[0] for part in page.split('href="'))
        return [target for target in targets if target.startswith(beginning)]


def hidden_field(page):
    """The name of a page's first field: it finds the form."""
    parser = FormParser()
    parser.feed(page.text)
    return next(name for form in parser.forms for name, _ in form["fields"])


class Load:
    """Partners and customers at work until told to stop; what was acknowledged, and what failed."""

    def __init__(self, partner, customers):
        self.partner, self.stopping = partner, threading.Event()
        self.acknowledged, self.failures = [], []
        self.threads = [threading.Thread(target=self.run, args=(Customer(name),)) for name in customers]

    def run(self, customer):
        while not self.stopping.is_set():
            try:
                lodged = self.partner.lodge()
                assert lodged.status_code == 201, lodged.text
                token = self.partner.connect(customer, lodged.json()["id"])
                assert self.partner.refresh(token["refresh_token"]).status_code == 200
                self.acknowledged.append(lodged.json()["id"])
            except Exception as failure:
                self.failures.append(failure)
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, count):
        eventually(lambda: len(self.acknowledged) >= count or self.failures, within=60)
        assert not self.failures and len(self.acknowledged) >= count, self.failures


def empty_machine(server, engine):
    """A folder with nothing but the master key, and an empty database."""
    folder = tempfile.TemporaryDirectory()
    shutil.copy(Path(server.folder.name) / "master.key", folder.name)
    return folder, postgres_database() if engine == "postgres" else f"sqlite:{folder.name}/wekeza.db"


def wekeza(folder, database, *arguments, path=os.environ["PATH"]):
    done = subprocess.run(
        [BINARY, *arguments, "--data", folder.name, "--database", database], capture_output=True, text=True, cwd=ROOT, timeout=120,
        env={**os.environ, "PATH": path})
    return done.returncode, done.stdout, done.stderr


def restore(folder, database, *arguments, **options):
    return wekeza(folder, database, "restore", *arguments, **options)


def advice_about_its_schema(folder, database):
    """What the doctor says about a restore that did not finish."""
    _, printed, complaint = wekeza(folder, database, "doctor", "--json")
    finding, = (finding for finding in json.loads(printed)["checks"] if finding["check"] == "schema")
    assert (finding["state"], finding["found"]) == ("problem", "A restore of this database did not finish."), complaint
    return finding["advice"]


@pytest.mark.parametrize("engine", engines())
def test_nothing_spent_or_ended_since_the_backup_lives_again(engine, tmp_path, request):
    server = Server(engine)
    request.addfinalizer(server.process.kill)
    file = str(tmp_path / "nightly.backup")
    partner = Partner(server, "Ledger")
    public = Partner(server, "Pocket", "--auth-method", "none")
    removed = Partner(server, "Gone")
    amina, developer = Customer("amina.traveler"), Member(server)
    developer.sign_in()
    assert developer.is_signed_in()

    with Load(partner, ["brian.parent", "chao.digital", "diana.student"]) as load:
        load.wait_for(5)
        # What stands when the backup is taken.
        kept = partner.connect(amina, kept_consent := partner.lodge().json()["id"])
        withdrawn = partner.connect(amina, withdrawn_consent := partner.lodge().json()["id"])
        waiting = partner.lodge().json()["id"]
        denied = partner.connect(amina)
        rotating = public.connect(amina)
        removed_grant = removed.connect(amina)
        page = amina.follow(amina.browser.get(partner.address(partner.lodge().json()["id"])[0], allow_redirects=False))
        developer.post("/portal/forgotten-password", "email", {"email": "developer@example.test"})
        link = developer.mailed("/portal/reset-password")
        code = partner.code(amina)
        before = list(load.acknowledged)

        status, said, complaint = server.command("backup", file)

        assert status == 0, complaint
        assert "master key is not in it" in said
        load.wait_for(len(before) + 10)
    assert load.failures == []

    # What is spent or ended after it.
    assert partner.exchange(*code).status_code == 200
    assert public.refresh(rotating["refresh_token"]).status_code == 200
    assert requests.post(
        f"{server.issuer}/oauth2/revoke", data={"token": denied["access_token"]}, auth=(partner.app["client_id"], partner.secret)).status_code == 200
    own = partner.token(grant_type="client_credentials", scope="consents.write").json()["access_token"]
    for consent in (withdrawn_consent, waiting):
        assert requests.delete(f"{server.issuer}/v1/consents/{consent}", headers={"Authorization": f"Bearer {own}"}).status_code == 204
    decided = Customer.submit(amina, page, hidden_field(page), {"decision": "reject"})
    assert decided.status_code == 303
    developer.post(f"/portal/apps/{removed.app['app_id']}/remove", "name", {"name": "Gone"})
    reset = developer.browser.get(link)
    assert Customer.submit(developer, reset, "password", {"password": "a new one after the backup"}).status_code == 303
    assert server.stop(keep_folder=True) == 0

    folder, database = empty_machine(server, engine)
    status, said, complaint = restore(folder, database, file)
    assert status == 0, complaint
    restored = Server(engine, folder=folder, database=database, port=server.port)
    try:
        old_developer = developer
        # Credentials
        assert partner.token(grant_type="client_credentials").json()["error"] == "invalid_client"
        assert public.refresh(rotating["refresh_token"]).json()["error"] == "invalid_client"
        assert not old_developer.is_signed_in()
        fresh = Member(restored)
        fresh.sign_in()
        assert not fresh.is_signed_in(), "a password that was changed since works again"
        spent = Customer.submit(fresh, reset, "password", {"password": "another one entirely"})
        assert spent.status_code != 303, "a mailed link works twice"
        fresh.sign_in("another one entirely")
        assert not fresh.is_signed_in()
        # Its developers ask for a new password, look at their apps and confirm one of them.
        fresh.set_password("after the restore, a new one")
        assert fresh.is_signed_in()
        assert "paused until you confirm it" in fresh.browser.get(f"{restored.issuer}/portal/apps/{partner.app['app_id']}").text
        fresh.press(f"/portal/apps/{partner.app['app_id']}", "/confirm")
        assert restored.command("apps", "confirm", public.app["client_id"])[0] == 0
        assert eventually(lambda: partner.token(grant_type="client_credentials", scope="consents.write").status_code == 200)
        assert eventually(lambda: public.refresh(rotating["refresh_token"]).json()["error"] == "invalid_grant")
        assert removed.token(grant_type="client_credentials").json()["error"] == "invalid_client"
        # Tokens
        for token in (kept, withdrawn, denied, rotating, removed_grant):
            assert partner.accounts(token["access_token"]).status_code == 401
        for token in (kept, withdrawn, denied):
            assert partner.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"
        assert partner.exchange(*code).json()["error"] == "invalid_grant"
        # Sessions and sealed forms
        again = amina.browser.get(f"{restored.issuer}/my", allow_redirects=False)
        assert again.is_redirect, "a customer's session lives again"
        assert Customer.submit(amina, page, hidden_field(page), {"decision": "approve"}).status_code in (400, 403)
        # Consents: everything acknowledged before the backup is there, and none is in force.
        for consent in before + [kept_consent, withdrawn_consent]:
            found = partner.consent(consent).json()
            assert (found["status"], found["status_actor"], found["status_reason"]) == ("suspended", "bank", "restored_from_backup")
        assert partner.consent(waiting).json()["status"] == "revoked"

        # The customer confirms one, and everything works again.
        amina = Customer("amina.traveler")
        renewed = partner.connect(amina, kept_consent)
        assert partner.accounts(renewed["access_token"]).status_code == 200
        assert partner.refresh(renewed["refresh_token"]).status_code == 200
        assert partner.consent(kept_consent).json()["status"] == "authorised"
        # Another customer cannot take it over.
        brian = Customer("brian.parent")
        answer = brian.decide(partner.address(withdrawn_consent)[0])
        assert "error=invalid_authorization_details" in answer
    finally:
        assert restored.stop() == 0
        server.folder.cleanup()


class Page:
    """A page as a browser holds it, with only the form that leads to a path."""

    def __init__(self, member, path, action):
        self.url = member.issuer + path
        text = member.browser.get(self.url).text
        start = next(index for index in range(len(text)) if text.startswith("<form", index) and action in text[index:text.index(">", index)])
        self.text = text[start:text.index("</form>", start) + 7]


@pytest.mark.parametrize("engine", engines())
def test_who_was_removed_from_a_team_since_is_not_in_it_again(engine, tmp_path, request):
    server = Server(engine)
    request.addfinalizer(server.process.kill)
    file = str(tmp_path / "nightly.backup")
    owner, colleague = Member(server), Member(server, "baraka@acme.example")
    owner.sign_in()
    owner.post("/portal/team/invitations", "email", {"email": colleague.email, "role": "owner"}, page="/portal/team")
    joined = colleague.browser.get(colleague.mailed("/portal/invitation"))
    Customer.submit(colleague, joined, "password", {"name": "Baraka Otieno", "password": "lake turkana 1187"})
    assert colleague.is_signed_in()
    assert server.command("backup", file)[0] == 0
    # The link to remove a member is the one place that names them.
    removal = next(part.split('"')[0] for part in owner.browser.get(f"{server.issuer}/portal/team").text.split('href="/portal/team/')[2:])
    assert owner.press(f"/portal/team/{removal}", "/remove").status_code == 303
    assert not colleague.is_signed_in()
    assert server.stop(keep_folder=True) == 0

    folder, database = empty_machine(server, engine)
    status, said, complaint = restore(folder, database, file)
    assert status == 0, complaint
    assert "Teams: 2 members of teams of several are held" in said
    restored = Server(engine, folder=folder, database=database, port=server.port)
    try:
        for member in (owner, colleague):
            member.set_password("after the restore, a new one")
            assert "Your place at Acme Budget waits to be confirmed" in member.browser.get(f"{restored.issuer}/portal").text
        confirm = ["members", "confirm", "--organisation", "acme-budget", "--email"]
        assert restored.command(*confirm, "nobody@acme.example")[0] == 2
        assert restored.command("members", "confirm", "--all", "--role", "owner")[0] != 0
        status, said, complaint = restored.command(*confirm, owner.email, "--role", "member")
        place = f"{owner.email} has their place at Acme Budget, as"
        assert (status, said.splitlines()) == (0, [f"{place} member.", "Acme Budget has no confirmed owner yet."]), complaint
        # Nobody in the team could make them its owner again.
        status, said, complaint = restored.command(*confirm, owner.email, "--role", "owner")
        assert (status, said.splitlines()) == (0, [f"{place} owner."]), complaint
        assert restored.command(*confirm, owner.email)[1].splitlines() == [f"{place} owner."]
        status, said, complaint = restored.command(*confirm, owner.email, "--role", "member")
        assert (status, said) == (2, "") and f"{owner.email} is in already, as owner of Acme Budget. " in complaint
        assert "owners change roles on their team page" in complaint

        assert owner.is_signed_in() and not colleague.is_signed_in()
        assert owner.press(f"/portal/team/{removal}", "/remove").status_code == 303
        assert "You belong to no organisation" in colleague.browser.get(f"{restored.issuer}/portal").text
        assert restored.command("members", "confirm", "--all")[1].strip() == "0 of the members were held and have their place again."
    finally:
        assert restored.stop() == 0
        server.folder.cleanup()


@pytest.fixture(scope="module", params=engines())
def stopped(request, tmp_path_factory):
    """A server that was stopped, and its backup."""
    server = Server(request.param)
    file = str(tmp_path_factory.mktemp("backup") / "one.backup")
    assert server.command("backup", file)[0] == 0
    assert server.stop(keep_folder=True) == 0
    yield server, file
    server.folder.cleanup()


def test_a_backup_is_its_owners_alone_and_replaces_nothing(stopped):
    server, file = stopped

    status, _, complaint = server.command("backup", file)

    assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600
    assert status == 2 and "never replaces another" in complaint
    assert [path.name for path in Path(file).parent.iterdir()] == ["one.backup"]


def test_the_master_key_is_not_in_it(stopped):
    server, file = stopped

    key = (Path(server.folder.name) / "master.key").read_bytes().strip()

    assert key not in Path(file).read_bytes()
    assert subprocess.run(["tar", "tf", file], capture_output=True, text=True).stdout.split()[:2] == ["manifest.json", "manifest.mac"]


def test_a_restore_refuses_another_master_key(stopped):
    server, file = stopped
    folder, database = empty_machine(server, server.engine)
    (Path(folder.name) / "master.key").write_text("A" * 43 + "\n")

    status, _, complaint = restore(folder, database, file)

    assert status == 2 and "another master key" in complaint
    folder.cleanup()


def test_a_restore_refuses_when_there_is_no_master_key(stopped):
    server, file = stopped
    folder, database = empty_machine(server, server.engine)
    (Path(folder.name) / "master.key").unlink()

    status, _, complaint = restore(folder, database, file)

    assert status == 2 and "no master key" in complaint
    assert list(Path(folder.name).iterdir()) == []
    folder.cleanup()


@pytest.mark.parametrize("place", [0.05, 0.5, 0.999])
def test_a_restore_refuses_a_backup_that_was_changed(stopped, tmp_path, place):
    server, file = stopped
    folder, database = empty_machine(server, server.engine)
    bytes = bytearray(Path(file).read_bytes())
    # The last place lies in the empty blocks of the archive's end unless the database's own end is meant.
    index = int((len(bytes) - 2048) * place)
    bytes[index] ^= 1
    changed = tmp_path / "changed.backup"
    changed.write_bytes(bytes)

    status, _, complaint = restore(folder, database, str(changed))

    assert status == 2 and ("damaged" in complaint or "was changed" in complaint or "not a backup" in complaint)
    assert [path.name for path in Path(folder.name).iterdir()] == ["master.key"]
    folder.cleanup()


def test_a_restore_refuses_a_backup_that_was_cut_short(stopped, tmp_path):
    server, file = stopped
    folder, database = empty_machine(server, server.engine)
    short = tmp_path / "short.backup"
    short.write_bytes(Path(file).read_bytes()[:100_000])

    status, _, complaint = restore(folder, database, str(short))

    assert status == 2 and "damaged" in complaint
    folder.cleanup()


def test_a_restore_refuses_a_database_that_holds_something_unless_it_may_replace_it(stopped):
    server, file = stopped

    refused, _, complaint = restore(server.folder, server.database, file)
    replaced, said, _ = restore(server.folder, server.database, file, "--replace")

    assert refused == 2 and "--replace" in complaint
    assert replaced == 0 and "safe to serve" in said
    if server.engine == "sqlite":
        assert any(".replaced-" in path.name for path in Path(server.folder.name).iterdir())


def test_a_restore_refuses_while_a_server_runs():
    for engine in engines():
        server = Server(engine)
        try:
            file = str(Path(server.folder.name) / "one.backup")
            assert server.command("backup", file)[0] == 0

            for arguments in (["restore", file, "--replace"], ["restore", "--in-place"]):
                status, _, complaint = server.command(*arguments)
                assert status == 2 and "stop" in complaint, complaint
            assert requests.get(f"http://127.0.0.1:{server.ops_port}/readyz").status_code == 200
        finally:
            assert server.stop() == 0


def test_a_database_that_other_tools_brought_back_is_made_safe_in_place(stopped):
    server, _ = stopped

    status, said, _ = restore(server.folder, server.database, "--in-place")

    assert status == 0 and "safe to serve" in said


def test_a_copy_that_was_put_in_place_by_hand_is_not_served(tmp_path):
    server = Server("sqlite")
    file = str(tmp_path / "one.backup")
    assert server.command("backup", file)[0] == 0
    assert server.stop(keep_folder=True) == 0
    subprocess.run(["tar", "xf", file, "-C", str(tmp_path)], check=True)
    for name in ("wekeza.db", "wekeza.db-wal", "wekeza.db-shm"):
        Path(server.folder.name, name).unlink(missing_ok=True)
    (tmp_path / "database.sqlite").rename(Path(server.folder.name) / "wekeza.db")

    status, _, complaint = server.command("migrate")
    in_place, _, cannot = server.command("restore", "--in-place")
    copied, _, nothing = server.command("backup", str(tmp_path / "of-a-copy.backup"))

    advice = advice_about_its_schema(server.folder, server.database)
    assert advice.startswith("Run wekeza restore FILE --replace: ")
    assert status == 2 and advice in complaint
    assert in_place == 2 and advice in cannot
    assert copied == 2 and "nothing to back up" in nothing
    replaced, said, complaint = restore(server.folder, server.database, file, "--replace")
    assert replaced == 0 and "safe to serve" in said, complaint
    server.folder.cleanup()


def test_a_backup_of_a_newer_schema_is_refused(tmp_path):
    server = Server("sqlite")
    try:
        with sqlite3.connect(f"{server.folder.name}/wekeza.db") as database:
            database.execute("INSERT INTO migration (name, applied_at) VALUES ('future.0001_things', 1)")
        file = str(tmp_path / "newer.backup")
        assert server.command("backup", file)[0] == 0
        folder, target = empty_machine(server, "sqlite")

        status, _, complaint = restore(folder, target, file)

        assert status == 2 and "newer version" in complaint and "future.0001_things" in complaint
        folder.cleanup()
    finally:
        assert server.stop() == 0


on_sqlite = pytest.mark.parametrize("stopped", ["sqlite"], indirect=True)


@pytest.fixture
def occupied(stopped):
    """A backup, and a machine that has a database already: where its file lies, on SQLite."""
    server, file = stopped
    folder, database = empty_machine(server, server.engine)
    status, _, complaint = restore(folder, database, file)
    assert status == 0, complaint
    yield folder, database, file, Path(folder.name) / "wekeza.db"
    folder.cleanup()


@on_sqlite
@pytest.mark.parametrize("damage", [slice(0, 100), slice(100, 4096)], ids=["header", "schema"])
def test_a_damaged_database_is_replaced_and_set_aside_as_it_is(occupied, damage):
    folder, database, file, place = occupied
    bytes = bytearray(place.read_bytes())
    bytes[damage] = b"\xff" * (damage.stop - damage.start)
    place.write_bytes(bytes)

    refused, _, must_be_asked = restore(folder, database, file)
    left, _, cannot_be_mended = restore(folder, database, "--in-place")
    replaced, said, complaint = restore(folder, database, file, "--replace")

    assert refused == 2 and "--replace" in must_be_asked
    assert left == 2 and "is damaged" in cannot_be_mended
    assert replaced == 0 and "safe to serve" in said, complaint
    aside, = Path(folder.name).glob("wekeza.db.replaced-*")
    assert aside.read_bytes() == bytes
    assert wekeza(folder, database, "migrate")[0] == 0


class Reading:
    """A restore that has looked at what is in place and reads its copy: the end of it stays away until the restore is to finish."""

    # Of the archive's end some kilobytes are empty, and what was written to a pipe and not read yet fits into a page.
    END, PAGE = 16_384, 4096

    def __init__(self, folder, database, file, pipe, *arguments):
        os.mkfifo(pipe)
        self.process = subprocess.Popen(
            [BINARY, "restore", str(pipe), *arguments, "--data", folder.name, "--database", database],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        archive = Path(file).read_bytes()
        self.pipe, self.end = open(pipe, "wb"), archive[-self.END:]
        fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, self.PAGE)
        self.pipe.write(archive[:-self.END])
        self.pipe.flush()

    def finish(self):
        with self.pipe:
            self.pipe.write(self.end)
        said, complaint = self.process.communicate(timeout=120)
        return self.process.returncode, said, complaint


def set_aside(folder, database):
    return schemas_aside(database) if database.startswith("postgres") else list(Path(folder.name).glob("*.replaced-*"))


def test_a_server_that_is_started_while_the_copy_is_read_keeps_its_database(stopped, occupied, tmp_path, request):
    folder, database, file, _ = occupied
    reading = Reading(folder, database, file, tmp_path / "pipe", "--replace")
    request.addfinalizer(reading.process.kill)
    started = Server(stopped[0].engine, folder=folder, database=database)
    try:
        status, _, complaint = reading.finish()

        assert status == 2 and "stop" in complaint, complaint
        assert set_aside(folder, database) == []
        assert requests.get(f"http://127.0.0.1:{started.ops_port}/readyz").status_code == 200
        started.create_app("Made meanwhile", "--redirect-uri", CALLBACK, "--organisation", "acme-budget")
    finally:
        assert started.stop(keep_folder=True) == 0


def test_a_database_that_is_made_while_the_copy_is_read_is_not_replaced_unasked(stopped, tmp_path, request):
    server, file = stopped
    folder, database = empty_machine(server, server.engine)
    reading = Reading(folder, database, file, tmp_path / "pipe")
    request.addfinalizer(reading.process.kill)
    assert wekeza(folder, database, "migrate")[0] == 0

    status, _, complaint = reading.finish()

    assert status == 2 and "--replace" in complaint, complaint
    assert set_aside(folder, database) == []
    assert wekeza(folder, database, "migrate")[0] == 0
    folder.cleanup()


@on_sqlite
@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_database_that_another_program_has_open_is_not_replaced(occupied, is_damaged):
    folder, database, file, place = occupied
    with closing(sqlite3.connect(place)) as other:
        other.execute("SELECT name FROM migration").fetchall()
        if is_damaged:
            # By a process of its own: this one would give its lock up when it closes the file.
            subprocess.run(["dd", "if=/dev/zero", f"of={place}", "bs=100", "count=1", "conv=notrunc"], check=True, stderr=subprocess.DEVNULL)

        status, _, complaint = restore(folder, database, file, "--replace")

    assert status == 2 and f"has {place} open: stop it" in complaint
    assert list(Path(folder.name).glob("*.replaced-*")) == []


@on_sqlite
def test_what_else_is_wrong_with_the_database_in_place_is_told(occupied):
    folder, database, file, place = occupied
    place.rename(f"{place}.elsewhere")
    place.mkdir()

    status, _, complaint = restore(folder, database, file, "--replace")

    assert status == 2 and f"The database in place, {place}, cannot be taken out of use: " in complaint
    assert "unable to open database file" in complaint and "stop it" not in complaint


@on_sqlite
def test_what_a_killed_restore_left_does_not_get_into_the_next(occupied, tmp_path):
    folder, database, file, place = occupied
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE stray (id INTEGER)")
        shutil.copy(tmp_path / "other.db-wal", f"{place}.restoring-wal")

    status, said, complaint = restore(folder, database, file, "--replace")

    assert status == 0 and "safe to serve" in said, complaint
    assert not list(Path(folder.name).glob("*.restoring*"))


def test_what_was_set_aside_in_the_same_second_stays(occupied):
    folder, database, file, place = occupied
    seconds = range(int(time.time()), int(time.time()) + 120)
    if database.startswith("postgres"):
        ask(database, "; ".join(f"CREATE SCHEMA replaced_{second}" for second in seconds))
    else:
        for second in seconds:
            Path(f"{place}.replaced-{second}").touch()
    before = set(set_aside(folder, database))

    status, said, complaint = restore(folder, database, file, "--replace")

    assert status == 0 and "safe to serve" in said, complaint
    after = set(set_aside(folder, database))
    assert len(before) == 120 and before < after and len(after) == 121
    assert wekeza(folder, database, "migrate")[0] == 0


on_postgres = pytest.mark.parametrize("stopped", [engine for engine in engines() if engine == "postgres"], indirect=True)


def ask(database, question):
    """What PostgreSQL answers, a word each."""
    return subprocess.run(["psql", database, "-Atqc", question], check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture
def marked(occupied):
    """A machine whose database has a table that no backup has."""
    folder, database, file, _ = occupied
    ask(database, "CREATE TABLE of_before (id BIGINT)")
    return folder, database, file


def old_tables(database):
    """The schema that the old tables lie in."""
    return ask(database, "SELECT schemaname FROM pg_tables WHERE tablename = 'of_before'")


def schemas_aside(database):
    return ask(database, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced%'")


def pg_restore_that(behaves, folder):
    """A PATH with a `pg_restore` that lists what a dump holds, and for the rest does what the script says. The real one is `$0.real` there."""
    program = folder / "pg_restore"
    program.write_text(f'#!/bin/sh\ncase "$1" in --list) exec "$0.real" "$@";; esac\n{behaves}\n')
    program.chmod(0o755)
    real = folder / "pg_restore.real"
    real.write_text(f'#!/bin/sh\nexec {shutil.which("pg_restore")} "$@"\n')
    real.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@on_postgres
def test_nothing_is_set_aside_where_there_is_no_pg_restore(marked, tmp_path):
    folder, database, file = marked

    status, _, complaint = restore(folder, database, file, "--replace", path=str(tmp_path))

    assert status == 2 and "pg_restore is not on the PATH" in complaint and "replaced_" not in complaint
    assert (old_tables(database), schemas_aside(database)) == (["public"], [])
    assert wekeza(folder, database, "migrate")[0] == 0


@on_postgres
def test_nothing_is_set_aside_for_a_dump_that_pg_restore_does_not_read(marked, tmp_path):
    folder, database, file = marked
    program = tmp_path / "pg_restore"
    program.write_text("#!/bin/sh\necho 'unsupported version (1.16) in file header' >&2\nexit 1\n")
    program.chmod(0o755)

    status, _, complaint = restore(folder, database, file, "--replace", path=f"{tmp_path}:{os.environ['PATH']}")

    assert status == 2 and "unsupported version" in complaint
    assert (old_tables(database), schemas_aside(database)) == (["public"], [])


@on_postgres
@pytest.mark.parametrize("work", ["", '"$0.real" "$@" || exit 9'], ids=["before it loads", "after it has loaded"])
def test_a_restore_that_fails_puts_back_what_it_set_aside(marked, tmp_path, work):
    folder, database, file = marked

    status, _, complaint = restore(
        folder, database, file, "--replace", path=pg_restore_that(f"{work}\necho 'the disk is full' >&2\nexit 1", tmp_path))

    assert status == 2 and "the disk is full. What the database held is in its place again." in complaint
    assert (old_tables(database), schemas_aside(database)) == (["public"], [])
    assert wekeza(folder, database, "migrate")[0] == 0


def connection(database, name):
    """One that stays, of a program of this name."""
    return subprocess.Popen(["psql", database, "-AtqX"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PGAPPNAME": name})


def tell(connection, statement):
    """Comes back when the statement, which answers nothing, is done."""
    print(f"{statement};\n\\echo done", file=connection.stdin, flush=True)
    assert connection.stdout.readline() == "done\n"


@on_postgres
def test_a_server_that_connects_while_its_tables_are_set_aside_gets_them_back(marked):
    folder, database, file = marked
    waits = (
        "SELECT pid FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'wekeza' AND wait_event_type = 'Lock'")
    with connection(database, "operator") as operator, ThreadPoolExecutor(1) as pool:
        tell(operator, "BEGIN; ALTER SCHEMA public RENAME TO elsewhere")
        restoring = pool.submit(restore, folder, database, file, "--replace")
        assert eventually(lambda: ask(database, waits)), "nothing is set aside"
        with connection(database, "wekeza") as server:
            tell(server, "BEGIN")
            tell(operator, "ROLLBACK")

            status, _, complaint = restoring.result()

    assert status == 2 and "A server is connected" in complaint and "is in its place again" in complaint, complaint
    assert (old_tables(database), schemas_aside(database)) == (["public"], [])
    assert wekeza(folder, database, "migrate")[0] == 0


@on_postgres
def test_what_cannot_be_put_back_is_named(marked, tmp_path):
    folder, database, file = marked
    rename = "SELECT format('ALTER SCHEMA %I RENAME TO elsewhere', nspname) FROM pg_namespace WHERE nspname LIKE 'replaced%'"

    status, _, complaint = restore(
        folder, database, file, "--replace", path=pg_restore_that(f'psql -Atqc "{rename}" | psql -q\nexit 1', tmp_path))

    assert status == 2 and "lies in the schema replaced_" in complaint and "RENAME TO public" in complaint
    assert old_tables(database) == ["elsewhere"]
    status, _, complaint = wekeza(folder, database, "migrate")
    assert status == 2 and "did not finish" in complaint


@pytest.fixture
def killed(marked, tmp_path_factory):
    """A machine whose restore was killed behind the moment when it set the old tables aside, and where they lie."""
    folder, database, file = marked
    status, _, _ = restore(folder, database, file, "--replace", path=pg_restore_that("kill -9 $PPID", tmp_path_factory.mktemp("killing")))
    assert status == -9
    schema, = schemas_aside(database)
    return folder, database, file, schema


@on_postgres
def test_a_database_whose_restore_was_killed_is_not_served(killed):
    folder, database, file, schema = killed

    advice = advice_about_its_schema(folder, database)
    start, _, not_finished = wekeza(folder, database, "migrate")
    in_place, _, lies_there = restore(folder, database, "--in-place")
    again, said, complaint = restore(folder, database, file, "--replace")

    assert start == 2 and f"did not finish. {advice}" in not_finished
    assert "--replace" in advice and "--in-place" not in advice
    assert in_place == 2 and f"lies in the schema {schema}" in lies_there and f"ALTER SCHEMA {schema} RENAME TO public" in lies_there
    assert again == 0 and "safe to serve" in said, complaint
    assert (old_tables(database), schemas_aside(database)) == ([schema], [schema])
    assert wekeza(folder, database, "migrate")[0] == 0


@on_postgres
def test_a_restore_that_was_killed_when_its_tables_were_there_is_told(marked, tmp_path):
    """The `pg_restore` of one that is killed goes on and ends its work, which comes without the list of steps."""
    folder, database, file = marked
    status, _, _ = restore(folder, database, file, "--replace", path=pg_restore_that('"$0.real" "$@" || exit 9\nkill -9 $PPID', tmp_path))
    assert status == -9
    assert ask(database, "SELECT to_regclass('public.change_log'), COUNT(*) FROM public.migration") == ["change_log|0"]

    advice = advice_about_its_schema(folder, database)
    start, _, not_finished = wekeza(folder, database, "migrate")
    in_place, _, cannot = restore(folder, database, "--in-place")
    copied, _, nothing = wekeza(folder, database, "backup", str(tmp_path / "of-it.backup"))
    again, said, complaint = restore(folder, database, file, "--replace")

    assert advice.startswith("Run wekeza restore FILE --replace: ")
    assert start == 2 and f"did not finish. {advice}" in not_finished
    assert in_place == 2 and advice in cannot
    assert copied == 2 and "nothing to back up" in nothing
    assert again == 0 and "safe to serve" in said, complaint
    # What was set aside first is there still.
    assert set(old_tables(database)) < set(schemas_aside(database))
    assert wekeza(folder, database, "migrate")[0] == 0


@on_postgres
def test_nothing_is_set_aside_while_the_pg_restore_of_a_killed_one_goes_on(marked):
    folder, database, file = marked
    with connection(database, "pg_restore") as left:
        tell(left, "BEGIN")

        status, _, complaint = restore(folder, database, file, "--replace")

    assert status == 2 and "the pg_restore of a restore that was killed: stop" in complaint, complaint
    assert (old_tables(database), schemas_aside(database)) == (["public"], [])


@on_postgres
def test_a_killed_restore_leaves_no_copy_of_the_database_behind(marked, tmp_path, monkeypatch):
    folder, database, file = marked
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setenv("TMPDIR", str(room))

    status, _, _ = restore(
        folder, database, file, "--replace", path=pg_restore_that('readlink /proc/$$/fd/0 > "$0.input"\nkill -9 $PPID', tmp_path))

    assert status == -9
    # It was there, by no name.
    assert (tmp_path / "pg_restore.input").read_text().startswith(f"{room}/wekeza-restore-")
    assert list(room.iterdir()) == []


@on_postgres
def test_what_a_killed_restore_set_aside_is_put_back_when_the_next_one_fails(killed, tmp_path):
    folder, database, file, _ = killed

    status, _, complaint = restore(folder, database, file, "--replace", path=pg_restore_that("exit 1", tmp_path))

    assert status == 2 and "is in its place again" in complaint
    assert (old_tables(database), schemas_aside(database)) == (["public"], [])
    assert wekeza(folder, database, "migrate")[0] == 0
