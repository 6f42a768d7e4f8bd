"""The whole way of FAPI 2.0 with Authlib's assertions and a DPoP key of joserfc: pushed, by assertion, bound, and over mutual TLS by curl."""

import hashlib
import json
import secrets
import subprocess
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from authorities import der, self_signed
from conftest import Server, engines
from proofs import Proofs, compact

CALLBACK = "https://partner.example/callback"


@pytest.fixture(scope="module")
def metadata(server):
    return requests.get(f"{server.issuer}/.well-known/openid-configuration").json()


@pytest.fixture(scope="module")
def key():
    return ECKey.generate_key("P-256", {"kid": "partner-1"})


@pytest.fixture(scope="module")
def partner(server, key, tmp_path_factory):
    keys = tmp_path_factory.mktemp("keys") / "jwks.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return server.create_app(
        "FAPI partner", "--redirect-uri", CALLBACK, "--auth-method", "private_key_jwt", "--jwks", str(keys), "--profile", "fapi2",
        "--grant-types", "authorization_code,refresh_token,client_credentials",
        "--scopes", "openid offline_access accounts.read consents.write")


@pytest.fixture
def client(partner, key, metadata):
    client = OAuth2Session(
        partner["client_id"], key, token_endpoint_auth_method="private_key_jwt", redirect_uri=CALLBACK)
    # FAPI 2.0 §5.3.2.1 wants the issuer as the audience, where Authlib by itself writes the token endpoint.
    client.register_client_auth_method(PrivateKeyJWT(metadata["issuer"], alg="ES256"))
    return client


def authenticated(client, address, fields, **headers):
    """A form with the client's assertion, as Authlib makes it."""
    return client.request("POST", address, data=fields, headers=headers, withhold_token=True, auth=client.client_auth("private_key_jwt"))


def test_pushed_by_assertion_and_bound_by_dpop(server, partner, client, metadata, amina):
    proofs, verifier = Proofs(), secrets.token_urlsafe(48)
    request = {
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid accounts.read", "state": "s", "nonce": "n",
        "code_challenge": compact(hashlib.sha256(verifier.encode()).digest()), "code_challenge_method": "S256", "client_id": partner["client_id"],
    }
    pushed = authenticated(client, metadata["pushed_authorization_request_endpoint"], request)
    assert pushed.status_code == 201, pushed.text

    query = urlencode({"client_id": partner["client_id"], "request_uri": pushed.json()["request_uri"]})
    answer = parse_qs(urlsplit(amina.decide(f"{metadata['authorization_endpoint']}?{query}")).query)
    assert answer["state"] == ["s"] and answer["iss"] == [metadata["issuer"]]

    fields = {
        "grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": CALLBACK, "code_verifier": verifier, "client_id": partner["client_id"]}
    token = authenticated(client, metadata["token_endpoint"], fields, DPoP=proofs.make("POST", metadata["token_endpoint"])).json()
    assert token["token_type"] == "DPoP"
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
    claims = jwt.decode(token["access_token"], keys, algorithms=["ES256"]).claims
    assert claims["cnf"]["jkt"] == proofs.key.thumbprint()

    address = f"{server.issuer}/v1/accounts"
    proof = proofs.make("GET", address, token["access_token"])
    bound = requests.get(address, headers={"Authorization": f"DPoP {token['access_token']}", "DPoP": proof})
    again = requests.get(address, headers={"Authorization": f"DPoP {token['access_token']}", "DPoP": proof})
    bearer = requests.get(address, headers={"Authorization": f"Bearer {token['access_token']}"})
    assert [bound.status_code, again.status_code, bearer.status_code] == [200, 401, 401]
    assert bound.json()["data"]
    assert 'error="invalid_dpop_proof"' in again.headers["WWW-Authenticate"]


def test_an_unpushed_request_is_refused(partner, metadata):
    query = urlencode({"response_type": "code", "client_id": partner["client_id"], "redirect_uri": CALLBACK, "scope": "openid"})

    answer = requests.get(f"{metadata['authorization_endpoint']}?{query}", allow_redirects=False)

    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["invalid_request"]


def test_the_issuer_alone_is_the_audience(partner, key, metadata):
    client = OAuth2Session(partner["client_id"], key, token_endpoint_auth_method="private_key_jwt")
    client.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg="ES256"))

    answer = authenticated(client, metadata["token_endpoint"], {"grant_type": "client_credentials"})

    assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("is_of_a_key", [False, True])
def test_curl_gets_a_token_with_its_own_certificate(server, metadata, tmp_path, is_of_a_key):
    identity = self_signed("partner")
    certificate, private_key = identity.write(tmp_path)
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [identity.jwk()]}))
    app = server.create_app(
        "Certificate partner", "--auth-method", "self_signed_tls_client_auth", *(["--jwks", keys] if is_of_a_key else ["--certificate", certificate]),
        "--certificate-bound",
        "--grant-types", "client_credentials", "--scopes", "consents.write")
    address = metadata["mtls_endpoint_aliases"]["token_endpoint"]

    def curl(*arguments):
        authority = f"{server.folder.name}/tls/authority.pem"
        answer = subprocess.run(
            ["curl", "--silent", "--cacert", authority, "--data", f"grant_type=client_credentials&client_id={app['client_id']}", *arguments, address],
            capture_output=True, text=True)
        return json.loads(answer.stdout)

    with_certificate = curl("--cert", certificate, "--key", private_key)
    without = curl()

    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
    claims = jwt.decode(with_certificate["access_token"], keys, algorithms=["ES256"]).claims
    assert claims["cnf"]["x5t#S256"] == compact(hashlib.sha256(der(identity.certificate)).digest())
    assert without["error"] == "invalid_client"


@pytest.mark.parametrize("engine", engines())
def test_dp_13_a_proof_stays_spent_when_the_server_is_killed(engine):
    running, proofs = Server(engine), Proofs()
    app = running.create_app("Partner", "--auth-method", "client_secret_basic", "--grant-types", "client_credentials", "--scopes", "consents.write")
    address = f"{running.issuer}/oauth2/token"

    def token(proof):
        return requests.post(
            address, data={"grant_type": "client_credentials"}, auth=(app["client_id"], app["client_secret"]), headers={"DPoP": proof})

    proof = proofs.make("POST", address)
    first = token(proof)
    running.process.kill()
    running.process.wait()
    running.start()
    again, fresh = token(proof), token(proofs.make("POST", address))

    assert [first.status_code, again.status_code, fresh.status_code] == [200, 400, 200], [first.text, again.text, fresh.text]
    assert again.json()["error_description"] == "The DPoP proof was used before."
    assert running.stop() == 0
