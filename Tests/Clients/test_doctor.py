"""`wekeza doctor`: each way in which a set-up is broken, and what it says about it."""

import datetime
import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from authorities import DAY, Authority, pem
from conftest import ANYBODY, BINARY, ROOT, Server, engines, free_port, limit_descriptors, postgres_database
from joserfc.jwk import ECKey


class Machine:
    """A folder and ports of its own."""

    def __init__(self, folder):
        self.data = Path(folder) / "data"
        self.port, self.ops_port, self.tls_port = free_port(), free_port(), free_port()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("WEKEZA_")}

    def run(self, command, *arguments, prefix=(), **options):
        return subprocess.run(
            [*prefix, BINARY, command, "--data", str(self.data), "--assets", str(ROOT), *arguments],
            capture_output=True, text=True, cwd=ROOT, timeout=60, env=self.environment, **options)

    def ports(self, arguments):
        """The third port, where there is one."""
        return ["--tls-port", str(self.tls_port)] if "--demo" in arguments or "--tls-cert" in arguments else []

    def doctor(self, *arguments, **options):
        """The exit code, and the findings by check."""
        done = self.run("doctor", "--json", "--port", str(self.port), "--ops-port", str(self.ops_port), *self.ports(arguments), *arguments, **options)
        printed = json.loads(done.stdout)
        assert printed["healthy"] == (done.returncode == 0)
        assert all(finding["found"] for finding in printed["checks"])
        assert all(("advice" in finding) == (finding["state"] != "ok") for finding in printed["checks"])
        return done.returncode, printed["checks"]

    def states(self, check, *arguments, **options):
        _, findings = self.doctor(*arguments, **options)
        return [finding["state"] for finding in findings if finding["check"] == check]

    def found(self, check, *arguments, **options):
        """The one finding of a check that is not ok."""
        code, findings = self.doctor(*arguments, **options)
        wrong = [finding for finding in findings if finding["check"] == check and finding["state"] != "ok"]
        assert len(wrong) == 1, findings
        assert code == 1 or all(finding["state"] != "problem" for finding in findings)
        return wrong[0]

    def code(self, *arguments):
        """The exit code alone."""
        return self.run("doctor", "--port", str(self.port), "--ops-port", str(self.ops_port), *arguments).returncode


@pytest.fixture
def fresh(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def migrated(tmp_path):
    machine = Machine(tmp_path)
    assert machine.run("migrate").returncode == 0
    return machine


@pytest.fixture
def served(tmp_path):
    """The folder of a server that ran, with the keys that it made."""
    server = Server("sqlite")
    assert server.stop(keep_folder=True) == 0
    machine = Machine(tmp_path)
    machine.data = Path(server.folder.name)
    yield machine
    server.folder.cleanup()


def names(folder):
    """What stands in a folder. Readers note themselves in SQLite's shared memory, which is no part of the database."""
    return sorted((str(path), path.stat().st_mode, path.name.endswith("-shm") or path.stat().st_mtime_ns) for path in Path(folder).rglob("*"))


def certificate(folder, days, key="key.pem", host="bank.example"):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days), "-subj", "/CN=bank.example",
         "-addext", f"subjectAltName=DNS:{host}", "-keyout", str(folder / key), "-out", str(folder / "cert.pem")], check=True, capture_output=True)
    (folder / key).chmod(0o600)
    return ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem"), "--issuer", "https://bank.example"]


def test_a_new_machine_is_healthy_and_nothing_is_made(fresh, tmp_path):
    code, findings = fresh.doctor()

    assert code == 0
    assert [finding["check"] for finding in findings if finding["state"] != "ok"] == ["mail"]
    assert names(tmp_path) == []


def test_looking_at_a_database_changes_nothing(migrated, tmp_path):
    before = names(tmp_path)

    code, findings = migrated.doctor()

    assert code == 0 and {finding["check"] for finding in findings} >= {"database", "durability", "schema", "clock", "master key"}
    assert names(tmp_path) == before


@pytest.mark.parametrize("engine", engines())
def test_a_running_server_is_recognised(engine):
    server = Server(engine)
    try:
        machine = Machine(server.folder.name)
        machine.data, machine.port, machine.ops_port, machine.tls_port = Path(server.folder.name), server.port, server.ops_port, server.tls_port

        code, findings = machine.doctor("--demo", "--database", server.database)

        ports = [finding for finding in findings if finding["check"] == "ports"]
        assert [finding["state"] for finding in ports] == ["ok", "ok", "ok"] and "our server" in ports[0]["found"]
        assert [finding["state"] for finding in findings if finding["check"] in ("database", "schema", "clock", "signing keys")] == ["ok"] * 4
        # The tests' PostgreSQL runs without fsync, which a bank must not do.
        assert code == (1 if engine == "postgres" else 0)
        assert [finding["state"] for finding in findings if finding["check"] == "durability"] == ["problem" if engine == "postgres" else "ok"]
    finally:
        assert server.stop() == 0


def test_a_port_that_another_program_has_while_our_server_runs_with_its_old_one():
    """The doctor is asked after a change: the restart would end the server."""
    server = Server("sqlite")
    try:
        machine = Machine(server.folder.name)
        machine.data, machine.port, machine.ops_port, machine.tls_port = Path(server.folder.name), server.port, server.ops_port, server.tls_port
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()

            found = machine.found("ports", "--demo", "--port", str(taken.getsockname()[1]))

        assert found["state"] == "problem" and "Another program" in found["found"] and "--port" in found["advice"]
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("arguments, variables", [
    (["--key-lifetime-days", "often"], {}), (["--upstream", "core.bank.example"], {}), ([], {"WEKEZA_UPSTREAM": "foo"}),
    ([], {"WEKEZA_SMTP_URL": "smtp://localhost:x", "WEKEZA_MAIL_FROM": "bank@example.test"}),
])
def test_a_wrong_setting_is_one_problem(fresh, arguments, variables):
    fresh.environment |= variables

    code, findings = fresh.doctor(*arguments)

    assert code == 1
    assert [(finding["check"], finding["state"]) for finding in findings] == [("settings", "problem")]


@pytest.mark.parametrize("name, advice", [("WEKEZA_DATABSE", "Write WEKEZA_DATABASE"), ("WEKEZA_COLOUR", "Take it out")])
def test_a_variable_that_nothing_reads(fresh, name, advice):
    fresh.environment[name] = "hunter2"

    found = fresh.found("settings")

    assert found["state"] == "warning" and name in found["found"] and advice in found["advice"] and "hunter2" not in str(found)


def test_its_help_names_it(fresh):
    assert "USAGE: wekeza doctor " in fresh.run("doctor", "--help").stdout


def test_a_warning_ends_a_strict_run_with_1(fresh):
    """A new machine is warned of mail alone."""
    assert (fresh.code(), fresh.code("--strict")) == (0, 1)

    with socket.socket() as mail:
        mail.bind(("127.0.0.1", 0))
        mail.listen()
        fresh.environment |= {"WEKEZA_SMTP_URL": f"smtp://127.0.0.1:{mail.getsockname()[1]}", "WEKEZA_MAIL_FROM": "bank@example.test"}
        assert fresh.code("--strict") == 0

    said = subprocess.run([BINARY, "doctor", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "--strict" in said.split("OPTIONS:")[1]


def test_missing_assets(fresh, tmp_path):
    found = fresh.found("assets", "--assets", str(tmp_path))

    assert found["state"] == "problem" and "--assets" in found["advice"]


def test_a_data_folder_that_cannot_be_made(fresh):
    fresh.data = Path("/proc/nowhere/data")

    found = fresh.found("data folder")

    assert found["state"] == "problem" and "StateDirectory=" in found["advice"]


def test_the_documented_command_makes_the_data_folder_as_the_unit_does():
    """Before the first start there is none, and the servers' user may not make it."""
    unit, document = (ROOT / "deploy/wekeza@.service").read_text(), (ROOT / "docs/operations.md").read_text()
    [command] = re.findall(r"^systemd-run (.*?/usr/bin/wekeza doctor)$", document, re.M | re.S)

    for name in ("StateDirectory", "StateDirectoryMode", "EnvironmentFile"):
        [value] = re.findall(rf"^{name}=(.*)$", unit, re.M)
        assert f"--property={name}={value}" in command.split()


def test_a_data_folder_that_others_may_write_to(migrated):
    migrated.data.chmod(0o777)

    found = migrated.found("data folder")

    assert found["state"] == "problem" and "chmod go-w" in found["advice"]


def test_a_database_file_that_others_may_read(migrated):
    (migrated.data / "wekeza.db").chmod(0o644)

    assert migrated.found("database file")["state"] == "warning"


@pytest.mark.parametrize("name", ["wekeza.db-wal", "wekeza.db-shm", "wekeza.db-replays", "wekeza.db-replays/lock"])
def test_a_file_beside_the_database_that_another_user_made(served, name):
    path = served.data / name
    if not path.exists():
        path.touch()
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    else:
        # What only root may give away is at least not this user's to write.
        path.chmod(0o500 if path.is_dir() else 0o400)

    found = served.found("database file")

    assert found["state"] == "problem" and str(path) in found["found"] and "chown -R" in found["advice"]


def test_a_database_file_that_this_user_may_not_open(migrated):
    (migrated.data / "wekeza.db").chmod(0)

    assert migrated.found("database file", prefix=ANYBODY)["state"] == "problem"
    assert "wekeza restore" not in migrated.found("database", prefix=ANYBODY)["advice"]


def test_a_master_key_that_others_may_read(served):
    (served.data / "master.key").chmod(0o644)

    found = served.found("master key")

    assert found["state"] == "problem" and "chmod 600" in found["found"]


def test_a_master_key_that_was_cut_short(migrated):
    (migrated.data / "master.key").write_text("abc")

    assert migrated.found("master key")["state"] == "problem"


def test_a_master_key_in_the_environment_that_is_none(migrated):
    migrated.environment["WEKEZA_MASTER_KEY"] = "abc"

    assert migrated.found("master key")["state"] == "problem"


def test_a_master_key_of_another_deployment(served):
    (served.data / "master.key").write_text("A" * 43 + "\n")

    found = served.found("signing keys")

    assert found["state"] == "problem" and "does not open the root key" in found["found"]


def test_a_master_key_that_is_lost(served):
    (served.data / "master.key").unlink()

    found = served.found("master key")

    assert found["state"] == "problem" and "A start would make another" in found["advice"]


def test_a_file_that_is_no_database(migrated):
    for log in migrated.data.glob("wekeza.db-*"):
        log.unlink()
    (migrated.data / "wekeza.db").write_bytes(b"nothing of the kind, however long it may be" * 100)

    assert migrated.found("database")["state"] == "problem"


def test_a_journal_mode_that_somebody_changed(migrated):
    import sqlite3
    with sqlite3.connect(migrated.data / "wekeza.db") as database:
        database.execute("PRAGMA journal_mode = DELETE")

    assert migrated.found("durability")["state"] == "warning"


def test_a_server_that_does_not_answer(fresh):
    assert fresh.found("database", "--database", f"postgres://nobody@127.0.0.1:{free_port()}/x")["state"] == "problem"


@pytest.mark.skipif("postgres" not in engines(), reason="needs PostgreSQL")
def test_a_database_in_another_encoding(fresh):
    url = postgres_database()
    base, name = url.rsplit("/", 1)
    subprocess.run(
        ["psql", os.environ["WEKEZA_TEST_POSTGRES"], "-qc", f'DROP DATABASE "{name}"', "-c",
         f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"], check=True)

    found = fresh.found("database", "--database", url)

    assert found["state"] == "problem" and "UTF8" in found["found"]


@pytest.mark.parametrize("statement, state, words", [
    ("INSERT INTO migration (name, applied_at) VALUES ('future.0001_things', 1)", "warning", "future.0001_things"),
    ("DELETE FROM migration WHERE name LIKE 'portal.%'", "warning", "portal.0001_forms"),
    ("INSERT INTO migration (name, applied_at) VALUES ('restoration.unfinished', 1)", "problem", "restore"),
])
def test_a_schema_of_another_version(migrated, statement, state, words):
    import sqlite3
    with sqlite3.connect(migrated.data / "wekeza.db") as database:
        database.execute(statement)

    found = migrated.found("schema")

    assert found["state"] == state and words in found["found"]


def test_records_of_the_future(served):
    import sqlite3
    with sqlite3.connect(served.data / "wekeza.db") as database:
        database.execute(
            "INSERT INTO audit_log (actor, action, subject, before_values, after_values, occurred_at) VALUES ('system', 'key.rotated', 'x', '{}', '{}', 4000000000)")

    assert served.found("clock")["state"] == "problem"


@pytest.mark.skipif("postgres" not in engines() or not os.path.exists("/usr/bin/faketime"), reason="needs PostgreSQL and faketime")
@pytest.mark.parametrize("shift, words", [("+5 s", "ahead of"), ("-5 s", "behind")])
def test_a_clock_that_differs_from_the_servers(fresh, shift, words):
    done = subprocess.run(
        ["faketime", "-f", shift.replace(" ", ""), BINARY, "doctor", "--json", "--data", str(fresh.data), "--assets", str(ROOT), "--database", postgres_database()],
        capture_output=True, text=True, cwd=ROOT, timeout=60, env=fresh.environment)

    clock = [finding for finding in json.loads(done.stdout)["checks"] if finding["check"] == "clock"]
    assert done.returncode == 1
    assert [finding["state"] for finding in clock] == ["problem"] and words in clock[0]["found"]


def test_a_full_disk(fresh):
    """A small file system where one can be mounted."""
    folder = fresh.data
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True).returncode != 0:
        pytest.skip("this user cannot mount")
    try:
        assert fresh.found("disk")["state"] == "problem"
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("days, states", [(90, ["ok"]), (20, ["warning"]), (22, ["ok"])])
def test_a_certificate_that_expires(fresh, tmp_path, days, states):
    assert fresh.states("certificate", *certificate(tmp_path, days)) == states


@pytest.mark.parametrize("begins, ends, words", [(-2 * DAY, -DAY, "It expired at"), (DAY, 90 * DAY, "It is valid from")])
def test_a_certificate_of_another_time(fresh, tmp_path, begins, ends, words):
    chain, key = Authority("Issuing", Authority("Root")).issue("bank.example", begins, ends, hosts=["bank.example"]).write(tmp_path)

    found = fresh.found("certificate", "--tls-cert", chain, "--tls-key", key, "--issuer", "https://bank.example")

    assert found["state"] == "problem" and found["found"].startswith(words)


def test_a_certificate_and_anothers_key(fresh, tmp_path):
    certificate(tmp_path, 90)
    arguments = certificate(tmp_path, 90, key="other.pem")

    assert fresh.found("certificate", *arguments)["state"] == "problem"


@pytest.mark.parametrize("host, arguments, missing", [
    ("api.bank.example", [], None),
    ("*.bank.example", [], None),
    ("bank.example", [], "api.bank.example"),
    ("*.example", [], "api.bank.example"),
    ("api.bank.example", ["--mtls-base", "https://partners.bank.example:8443"], "partners.bank.example"),
    ("*.bank.example", ["--mtls-base", "https://partners.bank.example:8443"], None),
    # Clients meet the certificate of the proxy.
    ("node-1.internal", ["--trusted-proxies", "127.0.0.1", "--tls-port", "off"], None),
    ("api.bank.example", ["--client-cert-proxies", "127.0.0.1", "--mtls-base", "https://partners.bank.example:8443"], None),
])
def test_a_certificate_that_does_not_name_its_host(fresh, tmp_path, host, arguments, missing):
    arguments = [*certificate(tmp_path, 90, host=host)[:4], "--issuer", "https://api.bank.example", *arguments]

    if missing:
        found = fresh.found("certificate", *arguments)
        assert found["state"] == "warning" and f"do not hold {missing}," in found["found"]
    else:
        assert fresh.states("certificate", *arguments) == ["ok"]


def test_a_certificate_without_its_intermediate(fresh, tmp_path):
    identity = Authority("Issuing", Authority("Root")).issue("bank.example", ends=90 * DAY, hosts=["bank.example"])
    chain, key = identity.write(tmp_path)
    arguments = ["--tls-cert", chain, "--tls-key", key, "--issuer", "https://bank.example"]
    assert fresh.states("certificate", *arguments) == ["ok"]

    Path(chain).write_bytes(pem(identity.certificate))
    found = fresh.found("certificate", *arguments)

    assert found["state"] == "warning" and "CN=Issuing" in found["found"] and "behind it" in found["advice"]


def test_a_certificates_key_that_others_may_read(fresh, tmp_path):
    arguments = certificate(tmp_path, 90)
    (tmp_path / "key.pem").chmod(0o644)

    assert fresh.found("certificate key", *arguments)["state"] == "warning"


@pytest.mark.parametrize("flag", ["--port", "--ops-port"])
def test_a_port_that_another_program_has(fresh, flag):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        found = fresh.found("ports", flag, str(taken.getsockname()[1]))

    assert found["state"] == "problem" and flag in found["advice"]


def test_a_port_that_another_program_has_on_the_other_loopback_address(fresh):
    """`localhost` listens on both."""
    with socket.socket(socket.AF_INET6) as taken:
        try:
            taken.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
        taken.listen()

        found = fresh.found("ports", "--port", str(taken.getsockname()[1]))

    assert found["state"] == "problem" and "::1" in found["found"] and "--port" in found["advice"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "0.0.0.0", "0"])
def test_two_listeners_with_one_port(fresh, host):
    """Whatever a host is called: the system takes 127.1 for 127.0.0.1, and 0 for 0.0.0.0."""
    found = fresh.found("ports", "--host", host, "--issuer", "http://localhost:8080", "--port", str(fresh.ops_port))

    assert found["state"] == "problem" and found["found"] == f"--port and --ops-port are both {fresh.ops_port}."


def test_one_port_of_two_addresses(fresh):
    states = fresh.states("ports", "--host", "127.0.0.2", "--issuer", "http://localhost:8080", "--port", str(fresh.ops_port))

    assert states == ["ok", "ok"]


def test_a_host_that_is_not_this_machine(fresh):
    assert fresh.found("ports", "--host", "192.0.2.1", "--issuer", "https://bank.example")["state"] == "problem"


@pytest.mark.parametrize("arguments, state", [
    (["--issuer", "http://bank.example"], "problem"),
    (["--host", "0.0.0.0", "--issuer", "http://localhost:8080"], "warning"),
])
def test_an_issuer_that_does_not_fit(fresh, arguments, state):
    assert fresh.found("issuer", *arguments)["state"] == state


@pytest.mark.parametrize("issuer", ["https://bank.example", "http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_an_issuer_that_fits(fresh, issuer):
    assert fresh.states("issuer", "--issuer", issuer) == ["ok"]


def test_an_http_issuer_in_front_of_a_certificate(fresh, tmp_path):
    arguments = certificate(tmp_path, 90)[:4]

    assert fresh.found("issuer", *arguments, "--issuer", "http://localhost:8080")["state"] == "problem"


def test_few_descriptors(fresh):
    assert fresh.found("descriptors", preexec_fn=lambda: limit_descriptors(1024))["state"] == "warning"


def test_a_mail_server_that_does_not_answer(fresh):
    fresh.environment |= {"WEKEZA_SMTP_URL": f"smtp://127.0.0.1:{free_port()}", "WEKEZA_MAIL_FROM": "bank@example.test"}

    assert fresh.found("mail")["state"] == "problem"


@pytest.mark.parametrize("family, address, host", [(socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]")])
def test_a_mail_server_that_answers(fresh, family, address, host):
    with socket.socket(family) as mail:
        try:
            mail.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        mail.listen()
        fresh.environment |= {"WEKEZA_SMTP_URL": f"smtp://{host}:{mail.getsockname()[1]}", "WEKEZA_MAIL_FROM": "bank@example.test"}

        assert fresh.states("mail") == ["ok"]


@pytest.mark.parametrize("arguments", [["--issuer", "https://bank.example"], ["--host", "0.0.0.0", "--issuer", "https://bank.example"]])
def test_the_demo_world_on_a_public_address(fresh, arguments):
    assert fresh.found("demo", "--demo", *arguments)["state"] == "problem"


@pytest.mark.parametrize("engine", engines())
def test_a_database_of_the_demo_without_demo(engine):
    """A start refuses it."""
    server = Server(engine)
    assert server.stop(keep_folder=True) == 0
    machine = Machine(server.folder.name)
    machine.data = Path(server.folder.name)

    found = machine.found("demo", "--database", server.database)

    assert found["state"] == "problem" and "--demo" in found["advice"]
    server.folder.cleanup()


def test_one_line_per_finding(fresh):
    done = fresh.run("doctor", "--port", str(fresh.port), "--ops-port", str(fresh.ops_port), "--issuer", "http://bank.example")

    lines = done.stdout.splitlines()
    assert done.returncode == 1 and done.stderr == ""
    assert all(line.split()[0] in ("ok", "warning", "problem") for line in lines)
    assert len([line for line in lines if line.startswith("problem")]) == 1


def believing(folder, *authorities, **lists):
    """The flags of these authorities, and of a folder of these lists."""
    (folder / "authorities.pem").write_bytes(b"".join(pem(authority.certificate) for authority in authorities))
    (folder / "lists").mkdir(exist_ok=True)
    for name, content in lists.items():
        (folder / "lists" / f"{name}.pem").write_bytes(content)
    return ["--client-ca", str(folder / "authorities.pem"), "--crl-dir", str(folder / "lists")]


def trusting(folder, *, lasts=365 * DAY, list_ends=DAY):
    authority = Authority("Bank Root", lasts=lasts)
    return believing(folder, authority, root=authority.revocation_list(ends=list_ends))


def test_authorities_and_lists_that_are_current(fresh, tmp_path):
    arguments = trusting(tmp_path)

    assert fresh.states("client authorities", *arguments) == ["ok"] and fresh.states("revocation lists", *arguments) == ["ok"]


@pytest.mark.parametrize("times, check, state", [
    ({"lasts": datetime.timedelta(seconds=-1)}, "client authorities", "problem"), ({"lasts": 20 * DAY}, "client authorities", "warning"),
    ({"list_ends": datetime.timedelta(seconds=-1)}, "revocation lists", "problem"), ({"list_ends": datetime.timedelta(hours=11)}, "revocation lists", "warning"),
])
def test_authorities_and_lists_that_are_not(fresh, tmp_path, times, check, state):
    assert fresh.found(check, *trusting(tmp_path, **times))["state"] == state


def test_no_list_at_all_and_a_broken_one(fresh, tmp_path):
    arguments = trusting(tmp_path)
    (tmp_path / "lists" / "root.pem").write_text("<html>404 Not Found</html>")
    code, findings = fresh.doctor(*arguments)
    problems = [finding["found"] for finding in findings if (finding["check"], finding["state"]) == ("revocation lists", "problem")]
    assert code == 1 and len(problems) == 2
    assert "lists/root.pem" in problems[0] and "none of CN=Bank Root" in problems[1]

    (tmp_path / "lists" / "root.pem").unlink()
    assert fresh.found("revocation lists", *arguments)["state"] == "problem"

    (tmp_path / "lists").rmdir()
    assert "--crl-dir" in fresh.found("client authorities", *arguments)["found"]


def test_a_broken_file_beside_sound_lists(fresh, tmp_path):
    arguments = trusting(tmp_path)
    (tmp_path / "lists" / "page.html").write_text("<html>404 Not Found</html>")

    found = fresh.found("revocation lists", *arguments)

    assert found["state"] == "problem" and "page.html" in found["found"]


def test_an_authority_without_a_list_beside_one_that_has_its(fresh, tmp_path):
    first, second = Authority("First"), Authority("Second")

    found = fresh.found("revocation lists", *believing(tmp_path, first, second, first=first.revocation_list()))

    assert found["state"] == "problem" and "none of CN=Second" in found["found"]


def test_an_old_list_beside_a_newer_one(fresh, tmp_path):
    root = Authority("Bank Root")
    arguments = believing(tmp_path, root, newer=root.revocation_list(), old=root.revocation_list(begins=-3 * DAY, ends=-2 * DAY))

    assert fresh.states("revocation lists", *arguments) == ["ok"]


def test_the_list_of_an_authority_that_clients_send_along(fresh, tmp_path):
    root = Authority("Bank Root")
    issuing = Authority("Bank Issuing", root)
    arguments = believing(tmp_path, root, root=root.revocation_list(), issuing=issuing.revocation_list(begins=-3 * DAY, ends=-2 * DAY))

    found = fresh.found("revocation lists", *arguments)

    assert found["state"] == "problem" and "CN=Bank Issuing" in found["found"] and "take the list out" in found["advice"]


def test_an_expired_authority_beside_its_successor(fresh, tmp_path):
    expired, root = Authority("Bank Root", lasts=datetime.timedelta(seconds=-1)), Authority("Bank Root")
    arguments = believing(tmp_path, expired, root, root=root.revocation_list())

    found = fresh.found("client authorities", *arguments)

    assert found["state"] == "warning" and found["advice"].startswith("Take it out")
    assert fresh.states("revocation lists", *arguments) == ["ok"]


def test_an_authority_that_ends_beside_its_successor(fresh, tmp_path):
    ending, root = Authority("Bank Root", lasts=20 * DAY), Authority("Bank Root")
    arguments = believing(tmp_path, ending, root, ending=ending.revocation_list(), root=root.revocation_list())

    assert fresh.states("client authorities", *arguments) == ["ok"] and fresh.states("revocation lists", *arguments) == ["ok"]


@pytest.mark.parametrize("text, state", [
    ('{"issuers":[]}', "ok"), ('{"issuers":', "problem"),
    ('{"issuers":[{"issuer":"https://d.example","organisation_claim":"org_id","organisations":{"1":"nobody"},"jwks":{"keys":[KEY]}}]}', "warning"),
])
def test_the_issuers_of_software_statements(migrated, tmp_path, text, state):
    key = json.dumps(ECKey.generate_key("P-256").as_dict(private=False))
    file = tmp_path / "issuers.json"
    file.write_text(text.replace("KEY", key))

    assert migrated.states("statement issuers", "--software-statement-issuers", str(file)) == [state]


def test_the_third_port(fresh):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        found = fresh.found("ports", "--demo", "--tls-port", str(taken.getsockname()[1]))

    assert found["state"] == "problem" and "--tls-port" in found["advice"]
