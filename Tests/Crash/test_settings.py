"""What `wekeza doctor` and a start say of a PostgreSQL that would lose what it confirmed, or takes too few connections."""

import json
import subprocess

import cluster as postgres
import pytest
from node import Node
from shared import BINARY, ROOT, free_port

pytestmark = pytest.mark.skipif(postgres.binaries() is None, reason="PostgreSQL's server programs are not installed")


@pytest.fixture(scope="module")
def cluster():
    with postgres.Cluster() as running:
        yield running


def restart(cluster, *settings):
    cluster.stop("fast")
    cluster.settings = list(settings)
    cluster.start()


def run(command, database, folder, *arguments):
    return subprocess.run(
        [BINARY, *command, "--data", str(folder), "--assets", str(ROOT), "--database", database,
         "--port", str(free_port()), "--ops-port", str(free_port()), *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60)


def looked_at(database, folder, *arguments):
    done = run(["doctor", "--json"], database, folder, *arguments)
    return {finding["check"]: finding for finding in json.loads(done.stdout)["checks"]}


def findings(cluster, folder, *settings, arguments=()):
    """Of the running server, after a start with these settings."""
    restart(cluster, *settings)
    return looked_at(cluster.url, folder, *arguments)


def test_a_server_that_keeps_what_it_confirms_and_takes_enough_connections(cluster, tmp_path):
    found = findings(cluster, tmp_path)

    assert [found[check]["state"] for check in ("database", "durability", "connections")] == ["ok"] * 3


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_confirms_before_the_disk_has_it(cluster, tmp_path, setting):
    found = findings(cluster, tmp_path, f"{setting}=off")

    assert found["durability"]["state"] == "problem"
    assert f"{setting}=off" in found["durability"]["found"] and setting in found["durability"]["advice"]


def test_what_each_connection_turns_on_itself(cluster, tmp_path):
    found = findings(cluster, tmp_path, "synchronous_commit=off")

    assert found["durability"]["state"] == "ok" and "turns synchronous_commit on" in found["durability"]["found"]


@pytest.mark.parametrize("settings", [[], ["synchronous_commit=off"], ["fsync=off"], ["full_page_writes=off"], ["fsync=off", "full_page_writes=off"]], ids=str)
def test_a_start_warns_once_of_what_no_connection_can_turn_on(cluster, settings):
    restart(cluster, *settings)
    with Node("postgres", database=cluster.database("_".join(["start", *(setting.removesuffix("=off") for setting in settings)]))) as node:
        node.process.terminate()
        assert node.process.wait(25) == 0
        lines = [json.loads(line) for line in node.printed().splitlines() if line.startswith("{")]

    told = [line["message"] for line in lines if line["log.level"] == "warning" and line["message"].startswith("PostgreSQL runs with ")]
    loose = [setting for setting in settings if setting != "synchronous_commit=off"]
    assert len(told) == (1 if loose else 0)
    assert all(f"{', '.join(loose)}: what was confirmed can be lost" in sentence for sentence in told)


def test_a_user_who_may_make_no_tables(cluster, tmp_path):
    """As createdb without --owner leaves it (PostgreSQL 15 and newer)."""
    restart(cluster)
    database = cluster.database("foreign").replace("//wekeza@", "//guest@")
    cluster.ask("CREATE ROLE guest LOGIN")

    schema = looked_at(database, tmp_path)["schema"]
    start = run(["serve"], database, tmp_path)

    assert schema["state"] == "problem" and "guest may not make tables in the schema public" in schema["found"] and "GRANT CREATE" in schema["advice"]
    assert start.returncode == 2 and "permission denied for schema public" in start.stderr and "wekeza restore" not in start.stderr


def test_a_database_that_takes_no_writes(cluster, tmp_path):
    restart(cluster)
    database = cluster.database("read_only")
    cluster.ask("ALTER DATABASE read_only SET default_transaction_read_only = on")

    schema = looked_at(database, tmp_path)["schema"]

    assert schema["state"] == "problem" and "takes no writes" in schema["found"]
    assert run(["serve"], database, tmp_path).returncode == 2


def test_a_server_with_few_connections(cluster, tmp_path):
    found = findings(cluster, tmp_path, "max_connections=39")

    assert found["connections"]["state"] == "warning"
    assert "39 connections" in found["connections"]["found"] and "max_connections" in found["connections"]["advice"]


@pytest.mark.parametrize("each, state", [(8, "ok"), (23, "ok"), (24, "warning")])
def test_nodes_that_open_many_connections(cluster, tmp_path, each, state):
    found = findings(cluster, tmp_path, "max_connections=100", arguments=["--database-connections", str(each)])

    assert found["connections"]["state"] == state
    assert f"each node opens up to {each}." in found["connections"]["found"]
