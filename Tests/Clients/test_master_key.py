"""The operator changes the master key, and nobody who signs in, calls or refreshes notices."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
from conftest import BINARY, ROOT, Customer, Server, change, engines
from test_backup import Partner, empty_machine, restore
from test_process import refused


class Deployment:
    """A server, an app that a customer connected, and a developer's browser."""

    def __init__(self, engine):
        self.server = Server(engine)
        self.folder = Path(self.server.folder.name)
        self.partner = Partner(self.server, "Ledger")
        self.customer = Customer("amina.traveler")
        self.token = self.partner.connect(self.customer)

    def change(self, to):
        return self.server.command("keys", "change-master", "--to", str(to))

    def put_in_place(self, key):
        shutil.move(key, self.folder / "master.key")

    def restart(self):
        assert self.server.stop(keep_folder=True) == 0
        self.server = Server(self.server.engine, database=self.server.database, folder=self.server.folder, port=self.server.port)

    def accounts(self):
        """What the access token of before the change is answered."""
        return requests.get(f"{self.server.issuer}/v1/accounts", headers={"Authorization": f"Bearer {self.token['access_token']}"}).status_code

    def refreshed(self):
        return self.partner.refresh(self.token["refresh_token"]).status_code

    def is_signed_in(self):
        page = self.customer.browser.get(f"{self.server.issuer}/my", allow_redirects=False)
        return page.status_code == 200


@pytest.fixture(params=engines())
def deployment(request):
    deployment = Deployment(request.param)
    yield deployment
    assert deployment.server.stop() == 0


def test_nobody_notices_that_the_master_key_changed(deployment):
    new = deployment.folder / "next.key"
    works = lambda: (deployment.accounts(), deployment.refreshed(), deployment.is_signed_in())
    assert works() == (200, 200, True)

    status, said, complaint = deployment.change(new)

    assert status == 0, complaint
    assert f"sealed under the master key in {new} now" in said
    assert new.stat().st_mode & 0o777 == 0o600
    # The running server goes on as it is, and so does one that starts with the new key.
    assert works() == (200, 200, True)
    deployment.put_in_place(new)
    deployment.restart()
    assert works() == (200, 200, True)


def test_the_old_master_key_opens_nothing_any_more(deployment):
    assert deployment.change(deployment.folder / "next.key")[0] == 0

    code, said = refused(deployment.folder, "--database", deployment.server.database)
    rotation, _, complaint = deployment.server.command("keys", "rotate")
    _, found, _ = deployment.server.command("doctor")

    assert code == 2 and "sealed under another master key" in said and len(said.splitlines()) == 1
    assert rotation == 2 and "sealed under another master key" in complaint
    assert "The master key does not open the root key" in found


def test_a_change_that_was_stopped_behind_its_commit_is_asked_for_again(deployment):
    new = deployment.folder / "next.key"
    assert deployment.change(new)[0] == 0
    key = new.read_text()

    status, said, _ = deployment.change(new)

    assert status == 0 and "sealed the keys already" in said
    assert new.read_text() == key


def test_a_file_that_cannot_be_the_new_master_key_changes_nothing(deployment):
    broken, open_to_all, copy = deployment.folder / "broken.key", deployment.folder / "open.key", deployment.folder / "copy.key"
    broken.write_text("abc")
    broken.chmod(0o600)
    shutil.copy(deployment.folder / "master.key", copy)
    shutil.copy(deployment.folder / "master.key", open_to_all)
    open_to_all.chmod(0o644)

    paths = (broken, open_to_all, deployment.folder / "master.key", copy, deployment.folder / "none" / "next.key")
    words = ("does not hold a master key", "can be read by others", "is in use", "is in use", "cannot be written")
    for path, expected in zip(paths, words):
        status, _, complaint = deployment.change(path)
        assert status == 2 and expected in complaint and len(complaint.strip().splitlines()) == 1, path
    deployment.restart()
    assert deployment.accounts() == 200


def test_when_others_may_have_the_root_key_everything_that_it_made_ends(deployment):
    """The steps of docs/operations.md, with its own statements."""
    [statements] = re.findall(r"^3\. `(DELETE FROM root_key;[^`]*)` in the database", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    assert deployment.server.process.poll() is None and deployment.server.stop(keep_folder=True) == 0
    (deployment.folder / "master.key").unlink()
    change(deployment.server, statements)

    deployment.server = Server(deployment.server.engine, database=deployment.server.database, folder=deployment.server.folder, port=deployment.server.port)

    assert (deployment.folder / "master.key").exists()
    assert (deployment.accounts(), deployment.refreshed()) == (401, 400)
    assert deployment.is_signed_in()
    # The app's own secret is its developer's, and a customer connects anew.
    deployment.token = deployment.partner.connect(deployment.customer)
    assert (deployment.accounts(), deployment.refreshed()) == (200, 200)


def test_a_change_that_is_refused_leaves_no_key_behind(deployment):
    """Another machine's operator does it once more, with the key that was given up."""
    assert deployment.change(deployment.folder / "next.key")[0] == 0

    status, _, complaint = deployment.change(deployment.folder / "another.key")

    assert status == 2 and "sealed under another master key" in complaint
    assert not (deployment.folder / "another.key").exists()


def test_a_backup_with_the_key_that_was_given_up_is_refused(deployment, tmp_path):
    """No key would restore it: its manifest would be the old one's, what is in it the new one's."""
    assert deployment.change(deployment.folder / "next.key")[0] == 0

    status, _, complaint = deployment.server.command("backup", str(tmp_path / "late.backup"))

    assert status == 2 and "take the backup with the one that is in use" in complaint
    assert list(tmp_path.iterdir()) == []


def test_a_restore_in_place_with_a_wrong_key_leaves_the_database_as_it_was(deployment, tmp_path):
    assert deployment.server.stop(keep_folder=True) == 0
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "master.key").write_text("A" * 43 + "\n")
    (tmp_path / "other" / "master.key").chmod(0o600)

    refused_restore = subprocess.run(
        [BINARY, "restore", "--in-place", "--data", str(tmp_path / "other"), "--database", deployment.server.database],
        capture_output=True, text=True, cwd=ROOT, timeout=120)

    assert refused_restore.returncode == 2 and "sealed under another master key" in refused_restore.stderr
    deployment.server = Server(
        deployment.server.engine, database=deployment.server.database, folder=deployment.server.folder, port=deployment.server.port)
    assert deployment.accounts() == 200


def test_commands_beside_the_server_neither_make_nor_need_a_master_key(deployment, tmp_path):
    told = subprocess.run(
        [BINARY, "apps", "create", "--name", "Beside", "--data", str(tmp_path), "--database", deployment.server.database],
        capture_output=True, text=True, cwd=ROOT, timeout=60)

    assert told.returncode == 0, told.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_before_is_restored_with_the_key_of_before(deployment, tmp_path):
    file = tmp_path / "nightly.backup"
    assert deployment.server.command("backup", str(file))[0] == 0
    folder, database = empty_machine(deployment.server, deployment.server.engine)
    assert deployment.change(deployment.folder / "next.key")[0] == 0

    status, _, complaint = restore(folder, database, str(file))

    assert status == 0, complaint
    again = Server(deployment.server.engine, database=database, folder=folder)
    assert again.stop() == 0
