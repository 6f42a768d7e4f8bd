"""RFC 8705's transport half, over real sockets: which certificate reaches the server, and what it thinks of it at each request."""

import base64
import datetime
import hashlib
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from authorities import DAY, Authority, Identity, der, pem, self_signed
from conftest import Server, eventually
from cryptography.x509.oid import ExtendedKeyUsageOID

ADDRESS = "/tls/certificate"
SECONDS = datetime.timedelta(seconds=1)


class Bank:
    """A server with its authorities, and what they revoked."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        self.root = Authority("Bank Root")
        self.issuing = Authority("Bank Issuing", self.root)
        (folder / "authorities.pem").write_bytes(pem(self.root.certificate))
        self.lists = folder / "lists"
        self.lists.mkdir()
        self.publish()
        self.arguments = ["--client-ca", str(folder / "authorities.pem"), "--crl-dir", str(self.lists), *arguments]
        self.server = Server("sqlite", *self.arguments)
        self.authority = f"{self.server.folder.name}/tls/authority.pem"

    def restart(self):
        assert self.server.stop(keep_folder=True) == 0
        self.server = Server("sqlite", *self.arguments, folder=self.server.folder, port=self.server.port)

    def publish(self, **times):
        """Puts the present lists into the folder, each whole at once."""
        for authority in (self.root, self.issuing):
            file = self.lists / f"{authority.certificate.serial_number}.pem"
            file.with_name("." + file.name).write_bytes(authority.revocation_list(**times))
            os.replace(file.with_name("." + file.name), file)

    def context(self, identity=None, version=None):
        context = ssl.create_default_context(cafile=self.authority)
        if version:
            context.minimum_version = context.maximum_version = version
        if identity:
            folder = self.folder / hashlib.sha256(der(identity.certificate)).hexdigest()
            folder.mkdir(exist_ok=True)
            context.load_cert_chain(*identity.write(folder))
        return context

    def connect(self, identity=None, version=None, session=None, context=None):
        return Connection(self.server.tls_port, context or self.context(identity, version), session)

    def received(self, identity=None, **options):
        with self.connect(identity, **options) as connection:
            return connection.get(ADDRESS)


class Connection:
    """One connection, for several requests."""

    def __init__(self, port, context, session=None):
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname="localhost", session=session)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def get(self, path, **headers):
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.status = int(self.reader.readline().split()[1])
        length = 0
        while (line := self.reader.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.reader.read(length))


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    # Whoever is believed about addresses is not believed about certificates.
    bank = Bank(tmp_path_factory.mktemp("bank"), "--trusted-proxies", "127.0.0.1")
    yield bank
    assert bank.server.stop() == 0


@pytest.fixture
def own_bank(tmp_path):
    """One whose authorities a test may change."""
    bank = Bank(tmp_path)
    yield bank
    assert bank.server.stop() == 0


def test_the_certificate_of_an_authority_that_we_trust(bank):
    identity = bank.issuing.issue("acme")

    received = bank.received(identity)

    assert received["accepted"] is True and "refusal" not in received
    assert received["subject"] == "CN=acme,O=Test" and received["issuer"] == "CN=Bank Issuing,O=Test"
    assert received["x5t#S256"] == base64.urlsafe_b64encode(hashlib.sha256(der(identity.certificate)).digest()).rstrip(b"=").decode()
    assert received["intermediates"] == 1 and received["seen_by"] == "us"


def test_no_certificate_is_needed_and_the_same_paths_answer(bank):
    assert bank.received()["refusal"] == "no_certificate"
    with bank.connect() as connection:
        assert connection.get("/.well-known/openid-configuration")["issuer"] == bank.server.issuer


def test_the_public_listener_asks_for_none(bank):
    received = requests.get(bank.server.address + ADDRESS).json()

    assert received["refusal"] == "wrong_listener"
    assert received["address"] == f"https://localhost:{bank.server.tls_port}{ADDRESS}"


def without_intermediate(bank):
    identity = bank.issuing.issue("acme")
    return Identity(identity.certificate, identity.key)


def foreign_authority_of_the_same_name(bank):
    return Authority("Bank Root").issue("acme")


def long_chain(bank):
    authority = bank.root
    for depth in range(6):
        authority = Authority(f"Level {depth}", authority)
    return authority.issue("acme")


def issued_by_a_client(bank):
    """Who holds a client's certificate is no authority."""
    client = bank.root.issue("client")
    impostor = Authority("client")
    impostor.key, impostor.name = client.key, client.certificate.subject
    identity = impostor.issue("acme")
    return Identity(identity.certificate, identity.key, [client.certificate])


@pytest.mark.parametrize("make, refusal", [
    (without_intermediate, "unknown_issuer"),
    (lambda bank: Authority("Elsewhere").issue("acme"), "unknown_issuer"),
    (foreign_authority_of_the_same_name, "foreign_issuer"),
    (lambda bank: self_signed("acme"), "self_signed"),
    (lambda bank: bank.root.issue("acme", begins=-2 * DAY, ends=-DAY), "expired"),
    (lambda bank: bank.root.issue("acme", begins=DAY, ends=2 * DAY), "not_yet_valid"),
    (lambda bank: bank.root.issue("acme", usage=ExtendedKeyUsageOID.SERVER_AUTH), "wrong_usage"),
    (long_chain, "chain_too_long"),
    (issued_by_a_client, "untrusted_chain"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_mt_01_a_certificate_that_is_not_accepted_says_why(bank, make, refusal):
    received = bank.received(make(bank))

    assert received["accepted"] is False and received["refusal"] == refusal
    assert received["detail"].endswith(".")


def test_mt_01_an_authoritys_own_certificate_ends_the_handshake(bank):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        bank.received(Identity(bank.issuing.certificate, bank.issuing.key))


def test_mt_05_a_chain_of_twenty_ends_the_handshake(bank):
    identity = bank.root.issue("acme")
    identity.chain = [Authority(f"Level {depth}").certificate for depth in range(20)]

    with pytest.raises((ssl.SSLError, ConnectionError)):
        bank.received(identity)

    assert bank.received()["refusal"] == "no_certificate"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mt_07_old_versions_are_refused(bank, version):
    context = bank.context(version=version)
    context.set_ciphers("ALL:@SECLEVEL=0")

    with pytest.raises(ssl.SSLError):
        bank.connect(context=context)


def offered(ciphers):
    context = ssl.create_default_context()
    context.set_ciphers(ciphers)
    return [cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"]


@pytest.mark.parametrize("cipher", offered("ALL:COMPLEMENTOFALL:@SECLEVEL=0"))
def test_mt_07_tls_1_2_takes_ephemeral_keys_and_authenticated_encryption_only(bank, cipher):
    context = bank.context(version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(cipher + ":@SECLEVEL=0")
    # Of the suites that BCP 195 recommends (RFC 9325 §4.2), those of an ECDSA key, which the development certificate has.
    if cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"):
        with bank.connect(context=context) as connection:
            assert connection.socket.cipher()[0] == cipher
    else:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            bank.connect(context=context)


def test_tls_1_3_is_preferred(bank):
    with bank.connect() as connection:
        assert connection.socket.version() == "TLSv1.3"


VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])


def resumed(bank, identity, version):
    """A function that asks on a resumed session, without the certificate being sent again."""
    context = bank.context(identity, version)
    with bank.connect(context=context) as first:
        assert first.get(ADDRESS)["accepted"] is True
        session = first.socket.session

    def ask():
        with bank.connect(context=context, session=session) as again:
            received = again.get(ADDRESS)
            assert again.socket.session_reused
            return received
    return ask


@VERSIONS
def test_mt_07_a_resumed_session_has_the_certificate_of_its_handshake(bank, version):
    received = resumed(bank, bank.issuing.issue("acme"), version)()

    assert received["accepted"] is True and received["subject"] == "CN=acme,O=Test"


@VERSIONS
def test_mt_07_a_certificate_that_expired_meanwhile_is_refused_on_open_and_resumed_connections(bank, version):
    identity = bank.issuing.issue("acme", ends=3 * SECONDS)
    ask = resumed(bank, identity, version)
    with bank.connect(identity, version) as open_connection:
        assert open_connection.get(ADDRESS)["accepted"] is True

        assert eventually(lambda: open_connection.get(ADDRESS).get("refusal") == "expired")

    assert ask()["refusal"] == "expired"


@VERSIONS
def test_mt_07_a_certificate_that_was_revoked_meanwhile_is_refused_on_open_and_resumed_connections(own_bank, version):
    identity, other = own_bank.issuing.issue("acme"), own_bank.issuing.issue("other")
    ask = resumed(own_bank, identity, version)
    with own_bank.connect(identity, version) as open_connection:
        assert open_connection.get(ADDRESS)["accepted"] is True

        own_bank.issuing.revoke(identity)
        own_bank.publish()

        # Read again within ten seconds, by itself.
        assert eventually(lambda: open_connection.get(ADDRESS).get("refusal") == "revoked")
    assert ask()["refusal"] == "revoked"
    assert own_bank.received(other)["accepted"] is True


def bound(bank, identity, customer):
    """What asks for something with a token that is bound to a certificate: the API, userinfo, and the token endpoint itself."""
    callback = "https://partner.example/callback"
    app = bank.server.create_app(
        "Bound partner", "--redirect-uri", callback, "--auth-method", "tls_client_auth", "--tls-client-auth-subject-dn", "CN=acme,O=Test",
        "--certificate-bound", "--grant-types", "authorization_code", "--scopes", "openid accounts.read")
    verifier = secrets.token_urlsafe(48)
    query = urlencode({
        "response_type": "code", "client_id": app["client_id"], "redirect_uri": callback, "scope": "openid accounts.read", "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()})
    code = parse_qs(urlsplit(customer.decide(f"{bank.server.issuer}/oauth2/authorize?{query}")).query)["code"][0]
    presented = {"cert": identity.write(bank.folder, "bound"), "verify": bank.authority}
    base = f"https://localhost:{bank.server.tls_port}"
    redemption = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier, "client_id": app["client_id"]}

    def redeem():
        return requests.post(f"{base}/oauth2/token", data=redemption, **presented)
    token = redeem().json()["access_token"]

    def ask(path):
        return requests.get(base + path, headers={"Authorization": f"Bearer {token}"}, **presented)
    return ask, redeem


def test_mt_02_a_bound_token_ends_when_its_certificate_is_revoked(own_bank, amina):
    identity = own_bank.issuing.issue("acme")
    ask, redeem = bound(own_bank, identity, amina)
    assert [ask(path).status_code for path in ("/v1/accounts", "/oauth2/userinfo")] == [200, 200]

    own_bank.issuing.revoke(identity)
    own_bank.publish()
    own_bank.server.process.send_signal(signal.SIGHUP)

    assert eventually(lambda: ask("/v1/accounts").status_code == 401)
    for path in ("/v1/accounts", "/oauth2/userinfo"):
        refused = ask(path)
        assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
        assert "not accepted: revoked" in refused.headers["WWW-Authenticate"]
    assert redeem().json()["error"] == "invalid_client"


def test_mt_02_introspection_tells_that_a_bound_token_ended_with_its_certificate(own_bank):
    app = own_bank.server.create_app("Bound backend", "--grant-types", "client_credentials", "--certificate-bound")
    credentials = (app["client_id"], app["client_secret"])
    identities = [own_bank.issuing.issue(name) for name in ("acme", "other")]

    def token(identity):
        presented = {"cert": identity.write(own_bank.folder, identity.certificate.serial_number), "verify": own_bank.authority}
        address = f"https://localhost:{own_bank.server.tls_port}/oauth2/token"
        return requests.post(address, data={"grant_type": "client_credentials"}, auth=credentials, **presented).json()["access_token"]
    tokens = [token(identity) for identity in identities]

    def active():
        # At the open address: no certificate comes along.
        return [requests.post(f"{own_bank.server.issuer}/oauth2/introspect", data={"token": each}, auth=credentials).json()["active"] for each in tokens]
    assert active() == [True, True]

    own_bank.issuing.revoke(identities[0])
    own_bank.publish()
    own_bank.server.process.send_signal(signal.SIGHUP)

    assert eventually(lambda: active() == [False, True])


def test_mt_05_an_issuer_that_was_revoked(own_bank):
    own_bank.root.revoke(Identity(own_bank.issuing.certificate, own_bank.issuing.key))
    own_bank.publish()
    own_bank.server.process.send_signal(signal.SIGHUP)

    assert eventually(lambda: own_bank.received(own_bank.issuing.issue("acme")).get("refusal") == "revoked")


def test_a_list_that_is_out_of_date_a_foreign_one_and_none(own_bank):
    identity = own_bank.issuing.issue("acme")
    asks = lambda: own_bank.received(identity).get("refusal")
    file = own_bank.lists / f"{own_bank.issuing.certificate.serial_number}.pem"
    assert asks() is None

    file.write_bytes(own_bank.issuing.revocation_list(begins=-2 * DAY, ends=-DAY))
    own_bank.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: asks() == "stale_revocation_list")

    file.write_bytes(own_bank.issuing.revocation_list(key=Authority("Bank Issuing").key))
    own_bank.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: asks() == "no_revocation_list")

    own_bank.publish()
    own_bank.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: asks() is None)

    # What cannot be read leaves what was there.
    file.write_bytes(b"nothing")
    own_bank.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: "a revocation list stays as it was" in own_bank.server.printed())
    assert asks() is None

    file.unlink()
    own_bank.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: asks() == "no_revocation_list")


def test_a_start_goes_on_without_a_list_that_cannot_be_used(own_bank):
    """A fetch saved an error page: a node that ended with code 2 would not be started again."""
    identity = own_bank.issuing.issue("acme")
    file = own_bank.lists / f"{own_bank.issuing.certificate.serial_number}.pem"
    file.write_text("<html>404 Not Found</html>")

    own_bank.restart()

    assert eventually(lambda: "a revocation list cannot be used" in own_bank.server.printed())
    assert file.name in own_bank.server.printed()
    assert own_bank.received(identity)["refusal"] == "no_revocation_list"
    assert own_bank.received(own_bank.root.issue("acme"))["accepted"] is True

    own_bank.publish()
    own_bank.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: own_bank.received(identity)["accepted"] is True)


def test_an_authority_that_is_trusted_no_more_after_a_hang_up(own_bank):
    identity = own_bank.issuing.issue("acme")
    newer = Authority("Newer Root")
    with own_bank.connect(identity) as open_connection:
        assert open_connection.get(ADDRESS)["accepted"] is True

        (own_bank.folder / "authorities.pem").write_bytes(pem(newer.certificate))
        (own_bank.lists / "newer.pem").write_bytes(newer.revocation_list())
        own_bank.server.process.send_signal(signal.SIGHUP)

        assert eventually(lambda: open_connection.get(ADDRESS).get("refusal") == "unknown_issuer")
    assert own_bank.received(newer.issue("acme"))["accepted"] is True

    (own_bank.folder / "authorities.pem").write_text("nothing")
    own_bank.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: "the client authorities stay as they were" in own_bank.server.printed())
    assert own_bank.received(newer.issue("acme"))["accepted"] is True


# RFC 9440


def field(certificate):
    return f":{base64.b64encode(der(certificate)).decode()}:"


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory):
    bank = Bank(tmp_path_factory.mktemp("behind"), "--client-cert-proxies", "127.0.0.1")
    yield bank
    assert bank.server.stop() == 0


def told(bank, **headers):
    return requests.get(
        f"http://127.0.0.1:{bank.server.port}{ADDRESS}", headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_rfc_9440_a_trusted_proxy_tells_what_it_received(behind_a_proxy):
    identity = behind_a_proxy.issuing.issue("acme")

    received = told(behind_a_proxy, Client_Cert=field(identity.certificate), Client_Cert_Chain=", ".join(map(field, identity.chain))).json()

    assert received["accepted"] is True and received["subject"] == "CN=acme,O=Test" and received["seen_by"] == "proxy"
    assert told(behind_a_proxy, Client_Cert=field(behind_a_proxy.issuing.issue("other").certificate)).json()["refusal"] == "unknown_issuer"


def test_rfc_9440_a_trusted_proxy_that_tells_of_none(behind_a_proxy):
    received = told(behind_a_proxy).json()

    assert received["refusal"] == "no_certificate" and "does not ask for a certificate" not in received["detail"]


def test_rfc_9440_a_proxys_own_certificate_is_not_its_clients(behind_a_proxy):
    client = behind_a_proxy.issuing.issue("acme")

    with behind_a_proxy.connect(behind_a_proxy.issuing.issue("proxy")) as connection:
        assert connection.get(ADDRESS)["refusal"] == "no_certificate"
        assert connection.get(ADDRESS, Client_Cert=field(client.certificate))["subject"] == "CN=acme,O=Test"


def test_rfc_9440_nobody_else_does(bank):
    identity = bank.issuing.issue("acme")

    assert told(bank, Client_Cert=field(identity.certificate)).json()["refusal"] == "wrong_listener"
    with bank.connect(bank.issuing.issue("other")) as connection:
        assert connection.get(ADDRESS, Client_Cert=field(identity.certificate))["subject"] == "CN=other,O=Test"


@pytest.mark.parametrize("headers", [
    {"Client_Cert": "MIIB"}, {"Client_Cert": ":MIIB"}, {"Client_Cert": ":M!IB:"}, {"Client_Cert": "::"}, {"Client_Cert": ":MIIB:, :MIIB:"},
    {"Client_Cert": '"MIIB"'}, {"Client_Cert": "?1"}, {"Client_Cert": ""}, {"Client_Cert": "(:MIIB:)"}, {"Client_Cert_Chain": ":MIIB:"},
    {"Client_Cert": ":MIIB:", "Client_Cert_Chain": "MIIB"}, {"Client_Cert": ":MIIB:", "Client_Cert_Chain": "(:MIIB:)"},
    {"Client_Cert": ":MIIB:", "Client_Cert_Chain": ", ".join([":MIIB:"] * 11)},
], ids=str)
def test_rfc_9440_fields_that_cannot_be_read(behind_a_proxy, headers):
    answer = told(behind_a_proxy, **headers)

    assert answer.status_code == 400 and answer.json()["code"] == "invalid_request"


@pytest.mark.parametrize("certificate", [b"\0", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x30\x01", bytes(range(256)) * 100], ids=repr)
def test_rfc_9440_bytes_that_are_no_certificate(behind_a_proxy, certificate):
    answer = told(behind_a_proxy, Client_Cert=f":{base64.b64encode(certificate).decode()}:")

    assert answer.status_code == 200 and answer.json()["refusal"] in ("malformed", "too_large")


def test_curl_shows_its_certificate(bank):
    chain, key = bank.issuing.issue("curl").write(bank.folder, "curl")

    printed = subprocess.run(
        ["curl", "-s", "--cacert", bank.authority, "--cert", chain, "--key", key, f"https://localhost:{bank.server.tls_port}{ADDRESS}"],
        check=True, capture_output=True, text=True).stdout

    assert json.loads(printed)["subject"] == "CN=curl,O=Test"
