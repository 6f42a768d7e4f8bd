"""The operator changes the master key, and nobody who signs in, calls or refreshes notices."""

import shutil
from pathlib import Path

import pytest
import requests
from conftest import Customer, Server, engines
from test_backup import Partner
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
    assert "The master key does not open 2 of 2 signing keys" in found


def test_a_change_that_was_stopped_behind_its_commit_is_asked_for_again(deployment):
    new = deployment.folder / "next.key"
    assert deployment.change(new)[0] == 0
    key = new.read_text()

    status, said, _ = deployment.change(new)

    assert status == 0 and "sealed the keys already" in said
    assert new.read_text() == key


def test_a_file_that_cannot_be_the_new_master_key_changes_nothing(deployment):
    broken, open_to_all = deployment.folder / "broken.key", deployment.folder / "open.key"
    broken.write_text("abc")
    broken.chmod(0o600)
    shutil.copy(deployment.folder / "master.key", open_to_all)
    open_to_all.chmod(0o644)

    refusals = [deployment.change(path) for path in (broken, open_to_all, deployment.folder / "master.key", deployment.folder / "none" / "next.key")]

    assert [status for status, _, _ in refusals] == [2, 2, 2, 2]
    for (_, _, complaint), words in zip(refusals, ["does not hold a master key", "can be read by others", "must name another file", "cannot be written"]):
        assert words in complaint and len(complaint.strip().splitlines()) == 1
    deployment.restart()
    assert deployment.accounts() == 200


def test_a_backup_of_before_is_restored_with_the_key_of_before(deployment, tmp_path):
    from test_backup import empty_machine, restore

    file = tmp_path / "nightly.backup"
    assert deployment.server.command("backup", str(file))[0] == 0
    folder, database = empty_machine(deployment.server, deployment.server.engine)
    assert deployment.change(deployment.folder / "next.key")[0] == 0

    status, _, complaint = restore(folder, database, str(file))

    assert status == 0, complaint
    again = Server(deployment.server.engine, database=database, folder=folder)
    assert again.stop() == 0
