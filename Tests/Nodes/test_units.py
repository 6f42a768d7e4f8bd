"""The nodes as deploy/wekeza@.service has them: what systemd starts at once on an empty machine is one deployment."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import requests
from conftest import until
from servers import BINARY, ROOT, free_port, postgres_database

UNIT = ROOT / "deploy/wekeza@.service"


def settings(name):
    """The values of a setting, in the order of the unit."""
    return [line.split("=", 1)[1] for line in UNIT.read_text().splitlines() if line.startswith(f"{name}=")]


class Instance:
    """`wekeza@number`, without systemd: the unit's command and environment, with ports and folders of the test."""

    def __init__(self, number, machine):
        assignments = [word for value in settings("Environment") for word in shlex.split(value.replace("%i", str(number)))]
        environment = dict(assignment.split("=", 1) for assignment in assignments)
        assert environment["WEKEZA_PORT"] == f"808{number}" and environment["WEKEZA_OPS_PORT"] == f"909{number}"
        self.port, self.ops_port = free_port(), free_port()
        environment |= {
            "WEKEZA_PORT": str(self.port), "WEKEZA_OPS_PORT": str(self.ops_port), "WEKEZA_DATA": str(machine.folder),
            "WEKEZA_ISSUER": "https://bank.example", "WEKEZA_DATABASE": machine.database, "WEKEZA_ASSETS": str(ROOT)}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WEKEZA_")}
        [command] = settings("ExecStart")
        binary, *arguments = command.split()
        assert binary == "/usr/bin/wekeza"
        self.output = open(machine.folder.parent / f"output-{number}", "w+")
        self.process = subprocess.Popen(
            [BINARY, *arguments], env=clean | environment, umask=0o077, stdout=self.output, stderr=subprocess.STDOUT, cwd=machine.folder.parent)

    def ask(self, path, port=None):
        return requests.get(f"http://127.0.0.1:{port or self.port}{path}", timeout=10)

    def is_ready(self):
        assert self.process.poll() is None, Path(self.output.name).read_text()
        try:
            return self.ask("/readyz", self.ops_port).status_code == 200
        except requests.ConnectionError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        ended = self.process.wait(60)
        self.output.close()
        return ended


class Machine:
    def __init__(self, folder):
        self.folder, self.database = folder / "data", postgres_database()
        # StateDirectory= makes it.
        self.folder.mkdir(mode=0o700)


@pytest.mark.parametrize("round", range(5))
def test_two_first_starts_at_once_are_one_deployment(tmp_path, round):
    machine = Machine(tmp_path)
    instances = [Instance(number, machine) for number in (1, 2)]
    try:
        for instance in instances:
            until(instance.is_ready, seconds=60)
        keys = [instance.ask("/oauth2/jwks").json() for instance in instances]
        statement = "SELECT count(*) FROM root_key"
        roots = subprocess.run(["psql", machine.database, "-Atqc", statement], check=True, capture_output=True, text=True).stdout.strip()
    finally:
        ended = [instance.stop() for instance in instances]

    assert ended == [0, 0]
    assert keys[0] == keys[1] and len(keys[0]["keys"]) == 2
    assert roots == "1"
    # Both go on with the same master key.
    again = Instance(1, machine)
    until(again.is_ready, seconds=60)
    assert again.stop() == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path):
    for unit in (UNIT, ROOT / "deploy/wekeza.target"):
        (tmp_path / unit.name).write_text(re.sub("^ExecStart=/usr/bin/wekeza", f"ExecStart={BINARY}", unit.read_text(), flags=re.M))

    looked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "wekeza@1.service"), str(tmp_path / "wekeza.target")], capture_output=True, text=True,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"})

    assert looked.returncode == 0, looked.stderr
    assert "wekeza" not in looked.stderr, looked.stderr
