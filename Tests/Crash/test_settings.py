"""What `wekeza doctor` says of a PostgreSQL that would lose what it confirmed, or takes too few connections."""

import json
import subprocess

import cluster as postgres
import pytest
from shared import BINARY, ROOT, free_port

pytestmark = pytest.mark.skipif(postgres.binaries() is None, reason="PostgreSQL's server programs are not installed")


@pytest.fixture(scope="module")
def cluster():
    with postgres.Cluster() as running:
        yield running


def findings(cluster, folder, *settings, arguments=()):
    """Of the running server, after a start with these settings."""
    cluster.stop("fast")
    cluster.settings = list(settings)
    cluster.start()
    done = subprocess.run(
        [BINARY, "doctor", "--json", "--data", str(folder), "--assets", str(ROOT), "--database", cluster.url,
         "--port", str(free_port()), "--ops-port", str(free_port()), *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)
    return {finding["check"]: finding for finding in json.loads(done.stdout)["checks"]}


def test_a_server_that_keeps_what_it_confirms_and_takes_enough_connections(cluster, tmp_path):
    found = findings(cluster, tmp_path)

    assert [found[check]["state"] for check in ("database", "durability", "connections")] == ["ok"] * 3


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_confirms_before_the_disk_has_it(cluster, tmp_path, setting):
    found = findings(cluster, tmp_path, f"{setting}=off")

    assert found["durability"]["state"] == "problem"
    assert f"{setting}=off" in found["durability"]["found"] and setting in found["durability"]["advice"]


def test_a_server_with_few_connections(cluster, tmp_path):
    found = findings(cluster, tmp_path, "max_connections=39")

    assert found["connections"]["state"] == "warning"
    assert "39 connections" in found["connections"]["found"] and "max_connections" in found["connections"]["advice"]


@pytest.mark.parametrize("each, state", [(8, "ok"), (23, "ok"), (24, "warning")])
def test_nodes_that_open_many_connections(cluster, tmp_path, each, state):
    found = findings(cluster, tmp_path, "max_connections=100", arguments=["--database-connections", str(each)])

    assert found["connections"]["state"] == state
    assert f"each node opens up to {each}." in found["connections"]["found"]
