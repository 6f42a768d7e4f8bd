"""RFC 9112 over real sockets: how connections end, and what a refusal costs who asked before sending."""

import socket
import ssl
import subprocess

import pytest
from conftest import Server, eventually
from ends import accepted, sockets

LAST = b"GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server():
    """One that nobody else calls, and whose database is no connection."""
    running = Server("sqlite")
    yield running
    assert running.stop() == 0


def connect(server, secure):
    plain = socket.create_connection(("127.0.0.1", server.tls_port if secure else server.port), timeout=10)
    if not secure:
        return plain
    return ssl.create_default_context(cafile=f"{server.folder.name}/tls/authority.pem").wrap_socket(plain, server_hostname="localhost")


def everything(connection):
    received = b""
    while more := connection.recv(4096):
        received += more
    return received


@pytest.mark.parametrize("secure", [False, True])
def test_the_server_ends_a_connection_after_its_last_answer_and_keeps_nothing_of_it(server, secure):
    connections = [connect(server, secure) for _ in range(20)]
    ends = accepted(server, connections)

    for connection in connections:
        connection.sendall(LAST)
        answer = everything(connection)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\nConnection: close\r\n" in answer
        connection.close()

    # Sooner than the five seconds after which it would hang up on a client that does not.
    assert eventually(lambda: not ends & sockets(server), within=3)


@pytest.mark.parametrize("secure", [False, True])
def test_who_hangs_up_without_a_word_is_forgotten(server, secure):
    connections = [connect(server, secure) for _ in range(20)]
    ends = accepted(server, connections)

    for connection in connections:
        connection.close()

    assert eventually(lambda: not ends & sockets(server), within=3)


def test_an_answer_is_whole_for_a_client_that_still_sends(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = b"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10000000\r\n\r\n"
        connection.sendall(head + b"a" * 100_000)
        answer = everything(connection)
        assert answer.startswith(b"HTTP/1.1 4") and answer.endswith(b"}")


def test_a_refused_upload_is_not_sent_by_who_asks_first(server, tmp_path):
    file = tmp_path / "payments.jsonl"
    file.write_bytes(b"a" * 5_000_000)
    curl = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_upload}", "-H", "Expect: 100-continue", "--expect100-timeout", "30",
         "--data-binary", f"@{file}", f"{server.address}/v1/bulk-payments"], capture_output=True, text=True, timeout=60)
    assert curl.stdout == "401 0"
