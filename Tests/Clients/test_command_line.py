"""The command line and what it promises: flags, the demo's credentials, accounts and apps made beside a running server, a live bank, a stop in order."""

import base64
import http.server
import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import termios
import threading
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from authorities import self_signed
from conftest import BINARY, ROOT, Customer, Server, free_port
from joserfc.jwk import ECKey
from phones import Phone

# RFC 7636, appendix B.
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "https://partner.example/callback"
FLAGS = {
    "--host": "localhost", "--port": "8080", "--ops-port": "9090", "--issuer": "http://HOST:PORT", "--database": "sqlite:", "--data": "var",
    "--assets": "../share/wekeza", "--upstream": "none", "--log-level": "info", "--demo": "off", "--tls-cert": "none", "--tls-key": "none", "--tls-port": "8443",
    "--mtls-base": "https://", "--client-ca": "none", "--crl-dir": "none", "--trusted-proxies": "none", "--client-cert-proxies": "none",
    "--software-statement-issuers": "none", "--database-connections": "8", "--key-lifetime-days": "30", "--drain-seconds": "0",
}


@pytest.mark.parametrize("address", [
    "postgres://wekeza:hunter2%zz@127.0.0.1:1/bank", "postgres://wekeza:hun@ter2@127.0.0.1:1/bank", "postgres://wekeza:hunter2/7@127.0.0.1:1/bank",
    "postgre://wekeza:hunter2@127.0.0.1:1/bank"])
def test_an_address_that_cannot_be_read_is_refused_without_its_password(address, tmp_path):
    """What follows an `@` or a `/` that is not percent-encoded would be the host, the port or the database, which stand in messages."""
    environment = {**os.environ, "WEKEZA_DATABASE": address, "WEKEZA_DATA": str(tmp_path)}

    done = subprocess.run([BINARY, "serve"], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30)

    said = done.stdout + done.stderr
    assert done.returncode == 2 and "@ is written %40" in said
    assert "hunter2" not in said and "ter2" not in said


def test_help_documents_each_flag_with_its_variable_and_default():
    said = subprocess.run([BINARY, "serve", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    options = " ".join(said.split("OPTIONS:")[1].split())

    for flag, default in FLAGS.items():
        documented = re.search(rf"{flag} .*?\[(WEKEZA_\w+)([^\]]*)\]", options)
        assert documented, flag
        assert documented.group(1) == "WEKEZA_" + flag[2:].upper().replace("-", "_")
        assert f"default {default}" in documented.group(2)


def test_every_flag_is_documented_with_its_default():
    said = subprocess.run([BINARY, "serve", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout

    assert set(re.findall(r"^  (--[a-z-]+)", said, re.MULTILINE)) == set(FLAGS)


@pytest.fixture
def installed(tmp_path):
    """The program and its files as a package puts them in place."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "share").mkdir()
    try:
        os.link(BINARY, tmp_path / "bin/wekeza")
    except OSError:
        shutil.copy(BINARY, tmp_path / "bin/wekeza")
    (tmp_path / "share/wekeza").symlink_to(ROOT)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def test_called_by_its_name_alone_it_finds_its_files(installed):
    path = f"{installed}/bin:{os.environ['PATH']}"

    found = subprocess.run(
        ["wekeza", "doctor", "--json", "--data", "data"], stdout=subprocess.PIPE, text=True, cwd=installed / "elsewhere", env={**os.environ, "PATH": path})

    assets = next(check for check in json.loads(found.stdout)["checks"] if check["check"] == "assets")
    assert assets["state"] == "ok", assets


def test_only_serve_needs_the_files(tmp_path):
    arguments = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 60}
    program = os.path.abspath(BINARY)

    migrated = subprocess.run([program, "migrate", "--data", "data"], **arguments)
    made = subprocess.run(
        [program, "staff", "create", "--email", "first@bank.example", "--name", "First", "--data", "data"], input="a phrase of some length\n", **arguments)
    served = subprocess.run([program, "serve", "--data", "data", "--port", str(free_port())], **arguments)

    assert (migrated.returncode, made.returncode) == (0, 0), migrated.stderr + made.stderr
    assert served.returncode == 2 and served.stderr.startswith("wekeza: --assets ")


class Terminal:
    """A terminal at which a member of staff is made, and what it shows."""

    def __init__(self, data):
        self.keys, self.screen = os.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            [BINARY, "staff", "create", "--email", "first@bank.example", "--name", "First", "--data", str(data)],
            stdin=self.screen, stdout=self.screen, stderr=self.screen, cwd=ROOT)

    def wait_for(self, text):
        while text not in self.shown:
            assert select.select([self.keys], [], [], 60)[0], self.shown
            self.shown += os.read(self.keys, 1024)

    def answer(self, question, *lines):
        # It hides what is typed before it asks.
        self.wait_for(question)
        os.write(self.keys, b"".join(line + b"\n" for line in lines))

    def shows_what_is_typed(self):
        return bool(termios.tcgetattr(self.screen)[3] & termios.ECHO)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.keys)
        os.close(self.screen)


@pytest.fixture
def terminal(tmp_path):
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def test_a_password_that_is_typed_is_not_shown(terminal):
    typed = b"a phrase of some length"

    terminal.answer(b"Password: ", typed)
    terminal.answer(b"Again: ", typed)
    terminal.wait_for(b"can sign in at /staff/sign-in")

    assert terminal.process.wait(60) == 0
    assert typed not in terminal.shown and terminal.shows_what_is_typed()


def test_a_password_that_is_pasted_twice_is_taken(terminal):
    terminal.answer(b"Password: ", b"a phrase of some length", b"a phrase of some length")
    terminal.wait_for(b"can sign in at /staff/sign-in")

    assert terminal.process.wait(60) == 0


def test_a_slip_in_a_password_that_nobody_sees_makes_nobody(terminal, tmp_path):
    terminal.answer(b"Password: ", b"a phrase of some length")
    terminal.answer(b"Again: ", b"a phrase of sone length")
    terminal.wait_for(b"The two passwords differ. Nothing was changed.")

    assert terminal.process.wait(60) == 2
    assert b"some" not in terminal.shown and b"sone" not in terminal.shown
    assert terminal.shows_what_is_typed() and not list(tmp_path.iterdir())


@pytest.mark.parametrize("question", [b"Password: ", b"Again: "])
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_whoever_interrupts_the_question_has_a_terminal_that_shows_what_is_typed(terminal, question, end):
    if question == b"Again: ":
        terminal.answer(b"Password: ", b"a phrase of some length")
    terminal.wait_for(question)
    assert not terminal.shows_what_is_typed()

    terminal.process.send_signal(end)

    assert terminal.process.wait(60) == -end
    assert terminal.shows_what_is_typed()


@pytest.mark.parametrize("arguments, complains_about", [([], "--port"), (["--port", "8081", "--issuer", "nowhere"], "--issuer")])
def test_a_variable_stands_for_its_flag_and_the_flag_wins(tmp_path, arguments, complains_about):
    done = subprocess.run(
        [BINARY, "serve", "--data", str(tmp_path), *arguments], env={**os.environ, "WEKEZA_PORT": "eighty"}, stderr=subprocess.PIPE, text=True, cwd=ROOT)

    assert done.returncode == 2
    assert done.stderr.startswith(f"wekeza: {complains_about} ")


def test_operations_answer_on_their_own_listener(server):
    operations = f"http://127.0.0.1:{server.ops_port}"

    metrics = requests.get(operations + "/metrics")

    assert requests.get(operations + "/healthz").status_code == 200
    assert requests.get(operations + "/readyz").status_code == 200
    assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert re.search(r"^# TYPE \w+ counter$", metrics.text, re.MULTILINE)


def test_the_start_prints_addresses_credentials_and_three_commands(server):
    said = server.printed()

    for text in [server.issuer + "/demo", f":{server.ops_port}/metrics", "amina.traveler", "developer@example.test", "sandbox-developer", "staff@example.test", "acme-budget"]:
        assert text in said, text
    token, consent, metadata = re.search(r"paste these three commands:\n(.*)", said, re.DOTALL).group(1).strip().split("\n\n")[:3]
    done = subprocess.run(["bash", "-c", f"{token}\n{consent}\necho\n{metadata}"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert json.loads(done[0])["status"] == "awaiting_authorisation"
    assert json.loads(done[1])["issuer"] == server.issuer


def test_without_the_demo_nobody_has_an_account_until_staff_is_made():
    server = Server("sqlite", demo=False)
    try:
        def sign_in(path, name, password):
            browser = Customer(name, password)
            page = browser.browser.get(server.issuer + path)
            return browser.submit(page, "password", {"username": name, "password": password})

        strangers = {"/my/sign-in": "amina.traveler:sandbox", "/portal/sign-in": "developer@example.test:sandbox-developer", "/staff/sign-in": "staff@example.test:sandbox-staff"}
        for path, credentials in strangers.items():
            assert sign_in(path, *credentials.split(":")).status_code == 422, path
        assert requests.get(server.issuer + "/demo").status_code == 404
        assert "wkz_sk_" not in server.printed()

        made = subprocess.run(
            [BINARY, "staff", "create", "--email", "first@bank.example", "--name", "First", "--data", server.folder.name, "--database", server.database],
            input="a phrase of some length\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        assert made.returncode == 0, made.stderr
        answer = sign_in("/staff/sign-in", "first@bank.example", "a phrase of some length")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff")
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("population, sign_in, home, email, password", [
    ("staff", "/staff/sign-in", "/staff/second-factor", "staff@example.test", "sandbox-staff"),
    ("developer", "/portal/sign-in", "/portal/settings/second-factor", "developer@example.test", "sandbox-developer"),
    ("customer", "/my/sign-in", "/my/security/second-factor", "brian.parent@acme-budget", "sandbox"),
])
def test_the_operator_lets_in_who_lost_the_phone(server, population, sign_in, home, email, password):
    def after_password():
        person = Customer(email, password)
        page = person.browser.get(server.issuer + sign_in)
        return person, person.submit(page, "username", {"username": email, "password": password})

    reset = ["staff", "reset-second-factor", "--email", email, *(["--population", population] if population != "staff" else [])]
    assert server.command(*reset)[0] == 2
    person, _ = after_password()
    begun = person.follow(person.submit(person.browser.get(server.issuer + home), "/begin", {}))
    phone = Phone(unescape(re.search(r'href="(otpauth:[^"]+)"', begun.text)[1]))
    assert person.submit(begun, "code", {"code": phone.code(), "password": password}).status_code == 303
    assert after_password()[1].headers["Location"] == sign_in + "/code"

    code, said, complaint = server.command(*reset)

    assert (code, complaint) == (0, "") and "password alone" in said
    assert after_password()[1].headers["Location"] != sign_in + "/code"
    assert server.command("staff", "reset-second-factor", "--email", "nobody@example.test")[0] == 2


@pytest.mark.parametrize("method, has_secret", [("client_secret_basic", True), ("client_secret_post", True), ("none", False)])
def test_an_app_made_beside_the_running_server_is_usable_at_once(server, amina, method, has_secret):
    app = server.create_app("Beside", "--redirect-uri", CALLBACK, "--auth-method", method)
    assert ("client_secret" in app) == has_secret

    tokens = exchange(server, app, amina, method)

    assert requests.get(server.issuer + "/v1/accounts", headers={"Authorization": "Bearer " + tokens["access_token"]}).status_code == 200


def test_an_app_that_is_refused_leaves_no_organisation_behind(server):
    name = "Refused " + "x" * 60
    code, said, complaint = server.command("apps", "create", "--name", name, "--redirect-uri", CALLBACK)
    assert (code, said) == (2, "") and len(complaint.splitlines()) == 1

    statement = f"SELECT COUNT(*) FROM organisation WHERE name = '{name}'"
    if server.engine == "postgres":
        counted = subprocess.run(["psql", server.database, "-Atc", statement], stdout=subprocess.PIPE, text=True, check=True).stdout
    else:
        with sqlite3.connect(server.database.removeprefix("sqlite:")) as database:
            counted = database.execute(statement).fetchone()[0]
    assert int(counted) == 0


@pytest.mark.parametrize("plan, policies", [("free", ["burst", "daily"]), ("unlimited", ["burst"])])
def test_the_plan_of_an_app_made_here_is_its_limit(server, amina, plan, policies):
    app = server.create_app("Planned", "--redirect-uri", CALLBACK, "--plan", plan)

    answer = requests.get(server.issuer + "/v1/accounts", headers={"Authorization": "Bearer " + exchange(server, app, amina)["access_token"]})

    assert re.findall(r'"(\w+)";q=', answer.headers["RateLimit-Policy"]) == policies


@pytest.mark.parametrize("allowed, status", [("127.0.0.1,::1", 200), ("127.0.0.0/8,::/0", 200), ("192.0.2.0/24,2001:db8::/32", 400)])
def test_an_app_made_for_certain_addresses(server, allowed, status):
    app = server.create_app("Listed", "--allow-from", allowed)

    answer = requests.post(server.issuer + "/oauth2/token", data={"grant_type": "client_credentials"}, auth=(app["client_id"], app["client_secret"]))

    assert answer.status_code == status
    assert answer.json().get("error") == (None if status == 200 else "unauthorized_client")


@pytest.mark.parametrize("arguments, reason", [
    (["--allow-from", "office.example"], "--allow-from office.example cannot be used."),
    (["--allow-from", "192.0.2.1,10.0.0.0/33"], "--allow-from 10.0.0.0/33 cannot be used. Use a prefix of at most /32."),
    (["--allow-from", "fe80::1%eth0"], "zone"),
    (["--allow-from", "192.0.2.0/24,192.0.2.9/24"], "192.0.2.0/24 stands here twice"),
    (["--allow-from", "192.0.2.1", "--auth-method", "none", "--redirect-uri", CALLBACK], "customers’ devices"),
    (["--allow-from", ",".join(f"10.0.0.{number}" for number in range(101))], "at most 100"),
    (["--allow-from", ""], "--allow-from has no value"),
    (["--allow-from", " , "], "--allow-from has no value"),
])
def test_an_app_is_refused_addresses_that_it_cannot_have(server, arguments, reason):
    code, _, said = server.command("apps", "create", "--name", "Listed", *arguments)

    assert code == 2
    assert said.startswith("wekeza: ") and reason in said and len(said.splitlines()) == 1


@pytest.mark.parametrize("option", [
    "--scopes", "--grant-types", "--redirect-uri", "--jwks", "--jwks-uri", "--tls-client-auth-subject-dn", "--certificate", "--metadata", "--auth-method",
    "--profile", "--environment", "--plan", "--client-id", "--organisation", "--name"])
def test_an_option_without_a_value_makes_no_app(server, option):
    """A variable of a script that is not set."""
    code, printed, said = server.command("apps", "create", *([] if option == "--name" else ["--name", "Unset"]), option, "")

    assert (code, printed) == (2, "")
    assert said.startswith("wekeza: ") and len(said.splitlines()) == 1


@pytest.mark.parametrize("grant_types, scopes", [
    ("client_credentials", "payments.write consents.write"),
    ("authorization_code", "openid profile email phone address offline_access accounts.read transactions.read"),
    ("authorization_code,client_credentials",
     "openid profile email phone address offline_access accounts.read transactions.read payments.write consents.write")])
def test_an_app_that_names_no_scopes_has_those_of_its_grant_types(server, grant_types, scopes):
    app = server.create_app("Granted", "--redirect-uri", CALLBACK, "--grant-types", grant_types)

    assert app["scope"] == scopes


@pytest.fixture
def keys(tmp_path):
    """The file of an app's public keys, with their certificates."""
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{**self_signed("partner").jwk(), "kid": "partner-1"}]}))
    return str(file)


METHODS = {"private_key_jwt": [], "tls_client_auth": ["--tls-client-auth-subject-dn", "CN=acme,O=Test"], "self_signed_tls_client_auth": []}
DPOP_BOUND = {"dpop_bound_access_tokens": True, "tls_client_certificate_bound_access_tokens": False}
CERTIFICATE_BOUND = {"dpop_bound_access_tokens": False, "tls_client_certificate_bound_access_tokens": True}


@pytest.mark.parametrize("profile", ["fapi2", "fapi2-message-signing"])
@pytest.mark.parametrize("method, told, binding", [
    ("private_key_jwt", [], DPOP_BOUND), ("tls_client_auth", [], CERTIFICATE_BOUND), ("self_signed_tls_client_auth", [], CERTIFICATE_BOUND),
    ("private_key_jwt", ["--certificate-bound"], CERTIFICATE_BOUND), ("tls_client_auth", ["--dpop-bound"], DPOP_BOUND),
])
def test_tokens_of_a_profile_that_binds_them_are_bound_by_what_the_app_proves_itself_with(server, keys, profile, method, told, binding):
    """FAPI 2.0 §5.3.2.1."""
    app = server.create_app(
        "Bound", "--redirect-uri", CALLBACK, "--auth-method", method, "--jwks", keys, *METHODS[method], "--profile", profile, *told)

    assert {member: app[member] for member in binding} == binding


def test_who_wants_no_binding_under_a_profile_that_binds_tokens_is_refused(server, keys):
    code, _, said = server.command(
        "apps", "create", "--name", "Unbound", "--redirect-uri", CALLBACK, "--auth-method", "private_key_jwt", "--jwks", keys, "--profile", "fapi2",
        "--metadata", '{"dpop_bound_access_tokens":false}')

    assert code == 2 and "fapi2 binds tokens" in said


@pytest.mark.parametrize("method", ["private_key_jwt", "tls_client_auth"])
def test_tokens_of_another_profile_are_bound_where_that_is_said(server, keys, method):
    """RFC 8705 §3.4, RFC 9449 §5.2: false unless registered otherwise."""
    app = server.create_app("Bearer", "--redirect-uri", CALLBACK, "--auth-method", method, "--jwks", keys, *METHODS[method])

    assert not app["dpop_bound_access_tokens"] and not app["tls_client_certificate_bound_access_tokens"]


@pytest.mark.parametrize("registered, requested", [
    ("http://127.0.0.1/callback", "http://127.0.0.1:5555/callback"), ("http://127.0.0.1:3000/callback", "http://127.0.0.1:5555/callback"),
    ("http://[::1]/callback", "http://[::1]:5555/callback"), ("com.example.app:/callback", "com.example.app:/callback")])
def test_an_app_without_a_secret_that_returns_to_a_device_is_a_native_one(server, amina, registered, requested):
    """RFC 8252 §7.3: any port of a loopback IP address."""
    app = server.create_app("Device", "--auth-method", "none", "--redirect-uri", registered)

    answer = amina.decide(authorization(server, app, requested))

    assert answer.startswith(requested + "?") and parse_qs(urlsplit(answer).query)["code"]


@pytest.mark.parametrize("method, registered", [
    ("none", "http://localhost:3000/callback"), ("none", "https://spa.example/callback"), ("client_secret_basic", "http://127.0.0.1:3000/callback")])
def test_the_port_of_another_app_does_not_vary(server, method, registered):
    """Nor where an address of a device stands beside others."""
    beside = ["--redirect-uri", "http://127.0.0.1/callback"] if method == "none" else []
    app = server.create_app("Fixed", "--auth-method", method, "--redirect-uri", registered, *beside)
    address = urlsplit(registered)

    answer = requests.get(authorization(server, app, address._replace(netloc=f"{address.hostname}:5555").geturl()), allow_redirects=False)

    assert answer.status_code == 400


def test_keys_without_a_certificate_let_nobody_in_by_one(server, tmp_path):
    """RFC 8705 §2.2.2: what the app registers is the certificate of a key."""
    file = tmp_path / "bare.json"
    file.write_text(json.dumps({"keys": [ECKey.generate_key("P-256", {"kid": "partner-1"}).as_dict(private=False)]}))

    code, _, said = server.command("apps", "create", "--name", "Bare", "--auth-method", "self_signed_tls_client_auth", "--jwks", str(file))

    assert code == 2 and "--jwks cannot be used" in said and "x5c" in said


def authorization(server, app, redirect_uri=CALLBACK):
    """The address of an authorization request."""
    return f"{server.issuer}/oauth2/authorize?" + urlencode({
        "response_type": "code", "client_id": app["client_id"], "redirect_uri": redirect_uri, "scope": "openid accounts.read", "state": "s",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256"})


def exchange(server, app, customer, method="client_secret_basic"):
    """From the authorization request, as the customer, to the tokens."""
    answer = parse_qs(urlsplit(customer.decide(authorization(server, app))).query)
    form = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    basic = (app["client_id"], app["client_secret"]) if method == "client_secret_basic" else None
    if not basic:
        form["client_id"] = app["client_id"]
    if method == "client_secret_post":
        form["client_secret"] = app["client_secret"]
    return requests.post(server.issuer + "/oauth2/token", data=form, auth=basic).json()


class CoreBanking(http.server.BaseHTTPRequestHandler):
    """A core banking system that answers with the accounts it was told of, and keeps what it was asked."""

    asked = []

    def do_GET(self):
        self.asked.append((self.path, dict(self.headers)))
        account = {"id": self.headers["wekeza-accounts"], "name": "Core", "kind": "current", "currency": "KES", "status": "open", "masked_number": "•••• 0001"}
        body = json.dumps({"data": [account], "links": {"self": "http://core/v1/accounts"}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_live_calls_go_to_the_upstream_and_sandbox_calls_do_not(amina):
    core = http.server.ThreadingHTTPServer(("127.0.0.1", 0), CoreBanking)
    threading.Thread(target=core.serve_forever, daemon=True).start()
    server = Server("sqlite", "--upstream", f"http://127.0.0.1:{core.server_port}/core")
    try:
        for environment, calls in [("sandbox", 0), ("live", 1)]:
            app = server.create_app(environment, "--redirect-uri", CALLBACK, "--environment", environment)
            token = exchange(server, app, amina)["access_token"]

            answer = requests.get(server.issuer + "/v1/accounts", headers={"Authorization": "Bearer " + token, "Cookie": "wkz_x=1"})

            assert answer.status_code == 200, answer.text
            assert len(CoreBanking.asked) == calls
        assert answer.json()["data"][0]["name"] == "Core"
        path, headers = CoreBanking.asked[0]
        assert path == "/core/v1/accounts"
        assert headers["wekeza-app-id"] == app["app_id"] and headers["wekeza-consent-id"].startswith("cns_")
        assert not {"Authorization", "authorization", "Cookie", "cookie"} & set(headers)
    finally:
        core.shutdown()
        core.server_close()
        assert server.stop() == 0


def test_calls_do_not_wait_for_each_other_at_the_bank(amina):
    """The bank answers the first when the last of them has come."""
    together = threading.Barrier(40)

    class Patient(CoreBanking):
        asked = []

        def do_GET(self):
            together.wait(timeout=8)
            super().do_GET()

    class Core(http.server.ThreadingHTTPServer):
        request_queue_size = together.parties

    core = Core(("127.0.0.1", 0), Patient)
    threading.Thread(target=core.serve_forever, daemon=True).start()
    server = Server("sqlite", "--upstream", f"http://127.0.0.1:{core.server_port}")
    try:
        app = server.create_app("live", "--redirect-uri", CALLBACK, "--environment", "live")
        headers = {"Authorization": "Bearer " + exchange(server, app, amina)["access_token"]}
        with ThreadPoolExecutor(together.parties) as pool:
            answers = list(pool.map(lambda _: requests.get(server.issuer + "/v1/accounts", headers=headers, timeout=20).status_code, range(together.parties)))

        assert answers == [200] * together.parties
    finally:
        core.shutdown()
        core.server_close()
        assert server.stop() == 0


def test_a_request_under_way_is_finished_when_the_server_is_asked_to_stop():
    server = Server("sqlite")
    basic = base64.b64encode(f"acme-budget:{server.demo_secret}".encode()).decode()
    body = b"grant_type=client_credentials&scope=consents.write"
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=15) as connection:
            connection.sendall((
                f"POST /oauth2/token HTTP/1.1\r\nHost: localhost:{server.port}\r\nAuthorization: Basic {basic}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n").encode())
            # Only now is it sure that the server, and not the system alone, has accepted the connection.
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body[:20])
            server.process.send_signal(signal.SIGTERM)
            while is_accepted(server.port):
                pass
            connection.sendall(body[20:])

            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    finally:
        assert server.stop() == 0


def is_accepted(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=15).close()
        return True
    except ConnectionError:
        return False
