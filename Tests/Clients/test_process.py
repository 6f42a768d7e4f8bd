"""The program as its operator meets it: how it starts, refuses to start, reloads and stops."""

import fcntl
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from conftest import ANYBODY, BINARY, ROOT, Server, engines, eventually, free_port, postgres_database

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def attempted(folder, *arguments, as_anybody=False, **variables):
    """A start that cannot work."""
    return subprocess.run(
        [*(ANYBODY if as_anybody else []), BINARY, "serve", "--port", str(free_port()), "--ops-port", str(free_port()), "--data", str(folder), "--assets", str(ROOT), *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=60, env={**os.environ, **variables})


def refused(folder, *arguments, **options):
    """Its exit code, and what it says."""
    done = attempted(folder, *arguments, **options)
    return done.returncode, done.stderr.strip()


def certificate(folder, name):
    """A self-signed certificate and its key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True)


def test_allocator():
    """Memory is mimalloc's for the program and for the libraries that it brings (docs/decisions/0031-mimalloc.md)."""
    told = subprocess.run(
        [BINARY, "--help"], env={**os.environ, "LD_DEBUG": "bindings", "LD_BIND_NOW": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60).stderr
    bound = re.findall(r"binding file (\S+) \[0\] to (\S+) \[0\]: normal symbol `malloc'", told)

    assert {"libsqlite3", "libpq", "wekeza"} <= {Path(file).name.split(".")[0] for file, _ in bound}
    assert {Path(place).name.split(".")[0] for _, place in bound} == {"libmimalloc"}


@pytest.mark.parametrize("arguments, flag", [
    (["--host", "999.1.1.1"], "--host"),
    (["--data", "/dev/null/there"], "--data"),
    (["--port", "70000"], "--port"),
    (["--port", "eighty"], "--port"),
    (["--drain-seconds", "soon"], "--drain-seconds"),
    (["--drain-seconds", "301"], "--drain-seconds"),
    (["--database-connections", "0"], "--database-connections"),
    (["--issuer", "localhost"], "--issuer"),
    (["--database", "mysql://localhost/x"], "--database"),
    (["--database", "sqlite:/dev/null/x.db"], "--database"),
    (["--log-level", "loud"], "--log-level"),
    (["--assets", "/dev"], "--assets"),
    (["--upstream", "ftp://core"], "--upstream"),
    (["--upstream", "core.bank.example"], "--upstream"),
    (["--tls-cert", "cert.pem"], "--tls-key"),
    (["--trusted-proxies", "balancer.bank.example"], "--trusted-proxies"),
    (["--trusted-proxies", "127.0.0.1,10.0.0.0/33"], "--trusted-proxies"),
    (["--trusted-proxies", "0.0.0.0/0"], "--trusted-proxies"),
    (["--client-cert-proxies", "balancer.bank.example"], "--client-cert-proxies"),
    (["--trusted-proxies", "127.0.0.1", "--mtls-base", "https://bank.example"], "--mtls-base"),
    (["--tls-cert", "/dev/null", "--tls-key", "/dev/null"], "--tls-cert"),
    (["--tls-port", "8444"], "--tls-port"),
    (["--demo", "--tls-port", "eighty"], "--tls-port"),
    (["--demo", "--tls-port", "70000"], "--tls-port"),
    (["--demo", "--mtls-base", "http://bank.example"], "--mtls-base"),
    (["--demo", "--mtls-base", "https://bank.example/path"], "--mtls-base"),
    (["--mtls-base", "https://bank.example"], "--mtls-base"),
    (["--client-ca", "/dev/null"], "--client-ca"),
    (["--client-ca", "/nowhere.pem"], "--client-ca"),
    (["--crl-dir", "/tmp"], "--client-ca"),
])
def test_a_wrong_value_stops_the_start_with_one_sentence_and_code_2(tmp_path, arguments, flag):
    code, said = refused(tmp_path, *arguments)

    assert code == 2
    assert said.startswith("wekeza: ") and flag in said
    assert len(said.splitlines()) == 1 and said.endswith(".")


def test_a_port_that_is_taken_stops_the_start_with_one_sentence_and_code_2(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = attempted(tmp_path, "--port", str(port))

    assert done.returncode == 2
    assert done.stderr.strip() == f"wekeza: Port {port} is in use on 127.0.0.1: stop the program that listens there, or choose another port with --port."
    assert [line for line in done.stdout.splitlines() if json.loads(line)["log.level"] == "error"] == []


def test_a_mail_server_without_a_usable_port_stops_the_start(tmp_path):
    """libcurl would refuse each mail."""
    code, said = refused(tmp_path, WEKEZA_SMTP_URL="smtp://localhost:x", WEKEZA_MAIL_FROM="bank@example.test")

    assert code == 2
    assert "WEKEZA_SMTP_URL" in said and len(said.splitlines()) == 1


def test_a_certificate_and_anothers_key_stop_the_start_with_one_sentence_that_says_so(tmp_path):
    certificate(tmp_path, "first.test")
    chain = tmp_path / "first.pem"
    (tmp_path / "cert.pem").rename(chain)
    certificate(tmp_path, "second.test")

    code, said = refused(tmp_path, "--tls-cert", str(chain), "--tls-key", str(tmp_path / "key.pem"))

    assert code == 2
    assert "do not fit each other" in said and "key.pem" in said and "first.pem" in said and len(said.splitlines()) == 1


@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_database_file_of_another_user_stops_the_start_with_one_sentence_and_code_2(tmp_path, mode):
    """Its supervisor would try for ever."""
    database = tmp_path / "wekeza.db"
    database.touch()
    database.chmod(mode)

    code, said = refused(tmp_path, as_anybody=True)

    assert code == 2
    assert f"may not write to {database}" in said and len(said.splitlines()) == 1


def warnings(server):
    lines = [json.loads(line) for line in server.printed().splitlines() if line.startswith("{")]
    return [line["message"] for line in lines if line["log.level"] == "warning"]


def test_a_start_warns_of_a_mistyped_variable_and_repeats_no_value(monkeypatch):
    monkeypatch.setenv("WEKEZA_DATABSE", "postgres://bank:hunter2@db/bank")
    server = Server("sqlite")
    try:
        [told] = [message for message in warnings(server) if "WEKEZA_DATABSE" in message]
        assert "Write WEKEZA_DATABASE" in told and "hunter2" not in server.printed()
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("issuer, warned", [("http://bank.example", 1), ("https://bank.example", 0), ("http://127.0.0.1:8080", 0)])
def test_a_start_warns_of_an_issuer_without_https(issuer, warned):
    """RFC 8414 §2."""
    server = Server("sqlite", "--issuer", issuer, demo=False)
    try:
        assert len([message for message in warnings(server) if f"{issuer} is http" in message]) == warned
    finally:
        assert server.stop() == 0


def test_a_database_that_does_not_answer_ends_the_start_with_one_sentence_and_code_1(tmp_path):
    """Its supervisor tries again: code 2 would say that it is no use."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        code, said = refused(tmp_path, "--database", f"postgres://wekeza@127.0.0.1:{taken.getsockname()[1]}/wekeza")

    assert code == 1
    assert said.startswith("wekeza: The database named by --database does not answer (") and len(said.splitlines()) == 1


@contextmanager
def memory_of_uses(folder):
    """The folder beside the database where what was used once is remembered, and the file whose lock is the folder's."""
    place = Path(folder) / "wekeza.db-replays"
    place.mkdir(0o700)
    with open(place / "lock", "w") as lock:
        yield lock


def test_a_lock_that_a_process_stands_still_with_ends_the_start_with_one_sentence_and_code_1(tmp_path):
    with memory_of_uses(tmp_path) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        code, said = refused(tmp_path)

    assert code == 1
    assert said.startswith(f"wekeza: {tmp_path}/wekeza.db-replays cannot be used now (") and "wekeza.db-replays/lock" in said
    assert "start again" in said and "--database" not in said and len(said.splitlines()) == 1


def test_a_full_disk_under_the_memory_of_uses_ends_the_start_with_one_sentence_and_code_1(tmp_path):
    """A small file system where one can be mounted."""
    place = tmp_path / "wekeza.db-replays"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)], capture_output=True).returncode != 0:
        pytest.skip("this user cannot mount")
    try:
        with pytest.raises(OSError), open(place / "ballast", "wb", buffering=0) as ballast:
            for _ in range(1024):
                ballast.write(bytes(4096))

        code, said = refused(tmp_path)
    finally:
        subprocess.run(["umount", str(place)], check=True)

    assert code == 1
    assert said.startswith(f"wekeza: {place} cannot be used now (") and "No space left on device" in said
    assert "start again" in said and "--database" not in said and len(said.splitlines()) == 1


def test_a_memory_of_uses_that_another_user_made_stops_the_start_with_one_sentence_and_code_2(tmp_path):
    """Its supervisor would try for ever."""
    with memory_of_uses(tmp_path) as lock:
        os.fchmod(lock.fileno(), 0o400)

        code, said = refused(tmp_path, as_anybody=True)

    assert code == 2
    assert "wekeza.db-replays cannot be used: " in said and "may be removed" in said and len(said.splitlines()) == 1


@pytest.mark.parametrize("name", ["lock", "complete-since", "1"])
def test_a_folder_where_the_memory_of_uses_has_a_file_stops_the_start_with_one_sentence_and_code_2(tmp_path, name):
    (tmp_path / "wekeza.db-replays" / name).mkdir(parents=True)

    code, said = refused(tmp_path)

    assert code == 2
    assert "wekeza.db-replays cannot be used: " in said and f"/{name}: Is a directory" in said and len(said.splitlines()) == 1


@pytest.mark.skipif("postgres" not in engines(), reason="needs PostgreSQL")
@pytest.mark.parametrize("asked", ["", "PGGSSENCMODE", "?gssencmode=prefer"])
def test_kerberos_is_asked_only_by_whom_wants_its_encryption(tmp_path, asked):
    """What it leaves in a thread aborted one of some two thousand commands, when thread and process ended at the same moment."""
    trace = tmp_path / "trace"
    by_variable = {asked: "prefer"} if asked.isupper() else {}
    address = postgres_database() + ("" if by_variable else asked)

    subprocess.run(
        [BINARY, "migrate", "--database", address, "--data", str(tmp_path), "--assets", str(ROOT)],
        env={**os.environ, "KRB5_TRACE": str(trace), **by_variable}, check=True, capture_output=True, timeout=60)

    assert trace.exists() == bool(asked)


def test_another_master_key_stops_the_start_with_one_sentence_and_code_2(tmp_path):
    database = f"sqlite:{tmp_path}/wekeza.db"
    sealed = Server("sqlite", database=database, demo=False)
    assert sealed.stop() == 0
    (tmp_path / "other").mkdir()

    code, said = refused(tmp_path / "other", "--database", database)

    assert code == 2
    assert "another master key" in said and len(said.splitlines()) == 1


def test_a_demo_database_is_not_served_without_demo():
    """Its passwords are known to everybody."""
    seeded = Server("sqlite")
    assert seeded.stop(keep_folder=True) == 0

    code, said = refused(seeded.folder.name, "--database", seeded.database)

    assert code == 2
    assert "--demo" in said and len(said.splitlines()) == 1
    seeded.folder.cleanup()


def test_a_renewed_certificate_is_served_after_a_hang_up(tmp_path):
    certificate(tmp_path, "first.test")
    server = Server("sqlite", "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    served = lambda: ssl.get_server_certificate(("127.0.0.1", server.port))
    try:
        first = served()
        certificate(tmp_path, "second.test")
        server.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: served() != first)
        assert served().split() == (tmp_path / "cert.pem").read_text().split()

        # What cannot be read is not taken.
        (tmp_path / "cert.pem").write_text("nothing")
        server.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: "the certificate stays as it was" in server.printed())
        assert served() != first
    finally:
        assert server.stop() == 0


class Reloaded(Server):
    """`systemctl reload` reaches it while it starts: its unit is of `Type=exec`."""

    def wait_until_ready(self):
        assert eventually((Path(self.folder.name) / "master.key").exists)
        self.process.send_signal(signal.SIGHUP)
        super().wait_until_ready()


def test_a_hang_up_while_it_starts_ends_no_server_and_is_done_once_it_runs():
    server = Reloaded("sqlite")
    try:
        assert eventually(lambda: '"message":"reloaded"' in server.printed())
    finally:
        assert server.stop() == 0


def test_more_connections_than_descriptors_leave_the_server_alive():
    server = Server("sqlite", descriptors=256)
    connections = []
    try:
        for _ in range(400):
            connection = socket.socket()
            connection.settimeout(1)
            connections.append(connection)
            connection.connect(("127.0.0.1", server.port))

        assert requests.get(f"http://127.0.0.1:{server.ops_port}/healthz", timeout=10).status_code == 200
        for connection in connections:
            connection.close()
        assert requests.get(f"http://127.0.0.1:{server.port}/", timeout=30).status_code == 200
    finally:
        for connection in connections:
            connection.close()
        assert server.stop() == 0


@pytest.mark.parametrize("head", ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n"])
def test_a_request_names_exactly_one_host(server, head):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode())

        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_the_callers_trace_is_in_the_log(server):
    answer = requests.get(f"{server.issuer}/v1/accounts", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})

    # Lines leave the process together, some milliseconds after the first of them.
    logged = eventually(lambda: re.search(rf'.*{answer.headers["X-Request-Id"]}.*\n', server.printed()))
    assert f'"trace.id":"{TRACE}"' in logged.group(0)


def test_bytes_that_are_no_request_have_an_id_in_the_log(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"hello\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = json.loads(answer.read())

    assert (answer.status, body["error"], body["request_id"]) == (400, "invalid_request", answer.headers["X-Request-Id"])
    assert body["code"] == "unreadable_request" and body["type"] == f"{server.issuer}/docs/errors/unreadable_request"
    assert uuid.UUID(answer.headers["x-fapi-interaction-id"]) and requests.get(body["type"]).status_code == 200
    logged = eventually(lambda: re.search(rf'.*{body["request_id"]}.*\n', server.printed()))
    assert '"message":"unreadable request"' in logged.group(0)


@pytest.mark.parametrize("limit", ["+1", "%2B1", "1%20", "01", "1e1e1"])
def test_a_number_is_spelled_as_json_spells_it(server, limit):
    app = server.create_app("Numbers", "--auth-method", "client_secret_basic", "--grant-types", "client_credentials", "--scopes", "consents.write")
    token = requests.post(
        f"{server.issuer}/oauth2/token", data={"grant_type": "client_credentials"}, auth=(app["client_id"], app["client_secret"])).json()["access_token"]

    answer = requests.get(f"{server.issuer}/v1/consents?limit={limit}", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"
