"""Software that registers itself, as RFC 7591 and RFC 7592 have it: with requests, Authlib and joserfc against the running server."""

import json
import secrets
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from conftest import Server, engines, eventually
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CALLBACK = "https://robot.example.com/callback"
ROBOT = {"client_name": "Budget Robot", "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token", "client_credentials"]}


def register(server, metadata=ROBOT, token=None):
    address = requests.get(f"{server.issuer}/.well-known/oauth-authorization-server").json()["registration_endpoint"]
    return requests.post(address, json=metadata, headers={"Authorization": f"Bearer {token}"} if token else {})


def manage(method, client, **arguments):
    return requests.request(
        method, client["registration_client_uri"], headers={"Authorization": f"Bearer {client['registration_access_token']}"}, **arguments)


def own_token(server, client):
    return requests.post(
        f"{server.issuer}/oauth2/token", data={"grant_type": "client_credentials", "scope": "consents.write"},
        auth=(client["client_id"], client["client_secret"]))


def initial_access_token(server, organisation, *arguments):
    printed = server.run("registration-tokens", "create", "--organisation", organisation, "--name", "Build server", "--json", *arguments)
    return json.loads(printed)


def test_a_client_registers_itself_works_changes_itself_and_ends(server, amina):
    answer = register(server)
    assert answer.status_code == 201, answer.text
    client = answer.json()

    session = OAuth2Session(
        client["client_id"], client["client_secret"], scope="openid accounts.read", redirect_uri=CALLBACK, code_challenge_method="S256",
        token_endpoint_auth_method=client["token_endpoint_auth_method"])
    verifier = secrets.token_urlsafe(48)
    address, state = session.create_authorization_url(f"{server.issuer}/oauth2/authorize", code_verifier=verifier)
    back = amina.decide(address)
    assert back.startswith(CALLBACK) and parse_qs(urlsplit(back).query)["state"] == [state]
    token = session.fetch_token(f"{server.issuer}/oauth2/token", authorization_response=back, code_verifier=verifier)
    accounts = requests.get(f"{server.issuer}/v1/accounts", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert accounts.status_code == 200 and accounts.json()["data"]

    read = manage("GET", client)
    assert read.status_code == 200 and read.json() == {name: value for name, value in client.items() if not name.startswith("client_secret")}
    changed = manage("PUT", client, json=ROBOT | {"client_id": client["client_id"], "client_name": "Savings Robot"})
    assert changed.status_code == 200 and changed.json()["client_name"] == "Savings Robot"
    assert changed.json()["registration_access_token"] == client["registration_access_token"]
    assert own_token(server, client).status_code == 200

    assert manage("DELETE", client).status_code == 204
    assert [manage(method, client).status_code for method in ("GET", "DELETE")] == [401, 401]
    gone = eventually(lambda: (own_token(server, client).json().get("error") == "invalid_client"))
    assert gone
    assert requests.get(f"{server.issuer}/v1/accounts", headers={"Authorization": f"Bearer {token['access_token']}"}).status_code == 401


def test_a_client_with_a_key_registers_it_and_signs(server):
    key = ECKey.generate_key("P-256", {"kid": "robot-1"})
    client = register(server, {
        "client_name": "Robot with a key", "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
        "jwks": {"keys": [key.as_dict(private=False)]}}).json()
    assert "client_secret" not in client
    now = int(time.time())
    assertion = jwt.encode(
        {"alg": "ES256", "kid": "robot-1"},
        {"iss": client["client_id"], "sub": client["client_id"], "aud": server.issuer, "jti": secrets.token_hex(16), "iat": now, "exp": now + 60}, key)

    answer = requests.post(f"{server.issuer}/oauth2/token", data={
        "grant_type": "client_credentials", "scope": "consents.write", "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"})

    assert answer.status_code == 200, answer.text
    private = register(server, {"jwks": {"keys": [key.as_dict(private=True)]}, "redirect_uris": [CALLBACK]})
    assert private.status_code == 400 and private.json()["error"] == "invalid_client_metadata" and "private" in private.json()["error_description"]


def test_what_apps_create_prints_looks_after_the_app(server):
    app = server.create_app("Made by hand", "--grant-types", "client_credentials")
    client = app | {"registration_client_uri": f"{server.issuer}/oauth2/register/{app['client_id']}"}

    assert manage("GET", client).json()["client_name"] == "Made by hand"
    assert manage("DELETE", client).status_code == 204


@pytest.fixture(params=engines())
def bank(request, tmp_path):
    """A server without the demo, which trusts one directory's statements."""
    key = RSAKey.generate_key(2048, {"kid": "directory-1"})
    file = tmp_path / "issuers.json"
    write_issuers(file, key, {})
    running = Server(request.param, "--software-statement-issuers", str(file), demo=False)
    running.directory, running.file = key, file
    yield running
    assert running.stop() == 0


def write_issuers(file, key, organisations):
    file.write_text(json.dumps({"issuers": [{
        "issuer": "https://directory.example", "jwks": {"keys": [key.as_dict(private=False)]}, "organisation_claim": "org_id",
        "organisations": organisations}]}))


def statement(key, **claims):
    now = int(time.time())
    sound = {"iss": "https://directory.example", "iat": now, "exp": now + 300, "jti": secrets.token_hex(16), "org_id": "0015", "client_name": "Certified Robot"}
    return jwt.encode({"alg": "PS256", "kid": "directory-1"}, sound | claims, key, algorithms=["PS256"])


def test_outside_the_demo_software_needs_leave(bank):
    organisation = handle(bank)
    refused = register(bank)
    assert refused.status_code == 401 and refused.json()["error"] == "invalid_token" and refused.headers["WWW-Authenticate"].startswith("Bearer ")

    token = initial_access_token(bank, organisation, "--uses", "2", "--days", "1")
    first = register(bank, token=token["initial_access_token"])
    assert first.status_code == 201, first.text
    assert "1 of 2 left" in bank.run("registration-tokens", "list", "--organisation", organisation)
    bank.run("registration-tokens", "revoke", token["id"])

    assert register(bank, token=token["initial_access_token"]).status_code == 401
    assert own_token(bank, first.json()).status_code == 200


def test_a_statement_is_leave_once_its_organisation_is_known(bank):
    one = statement(bank.directory)
    before = register(bank, ROBOT | {"software_statement": one})
    assert before.status_code == 400 and before.json()["error"] == "unapproved_software_statement"

    write_issuers(bank.file, bank.directory, {"0015": handle(bank)})
    bank.process.send_signal(1)  # SIGHUP
    answer = eventually(lambda: (lambda got: got if got.status_code == 201 else None)(register(bank, ROBOT | {"software_statement": one})))

    assert answer is not None
    assert answer.json()["client_name"] == "Certified Robot" and answer.json()["software_statement"] == one
    again = register(bank, ROBOT | {"software_statement": one})
    assert again.status_code == 400 and again.json()["error"] == "invalid_software_statement"


@pytest.mark.parametrize("text, words", [
    ("{", "instead of"), ("{}", "issuers"), ('{"issuers":[{}]}', "no issuer"), ('{"issuers":[{"issuer":"x"}]}', "no jwks"), (None, "that can be read"),
])
def test_a_file_of_issuers_that_cannot_be_used_stops_the_start(tmp_path, text, words):
    file = tmp_path / "issuers.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(RuntimeError) as ended:
        Server("sqlite", "--software-statement-issuers", str(file), demo=False)

    assert "--software-statement-issuers must name a JSON file" in str(ended.value) and words in str(ended.value)


def test_a_token_for_nobody_or_without_bounds_is_not_made(server):
    for arguments, words in [
        (("--organisation", "nobody"), "no organisation"), (("--organisation", "acme-budget", "--uses", "0"), "1 to 1000"),
        (("--organisation", "acme-budget", "--days", "366"), "1 to 365"), (("--organisation", "acme-budget", "--profile", "x"), "--profile takes"),
    ]:
        status, _, complaint = server.command("registration-tokens", "create", "--name", "x", *arguments)
        assert status == 2 and words in complaint, complaint


def handle(server):
    """An organisation of its own; its handle is its name."""
    server.create_app("Savanna Pay", "--grant-types", "client_credentials")
    return "savanna-pay"
