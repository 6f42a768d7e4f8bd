"""Authlib, unmodified, as the partner's client."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.common.security import generate_token

CALLBACK = "https://partner.example/callback"


@pytest.fixture(scope="module")
def partner(server):
    return server.create_app(
        "Partner", "--redirect-uri", CALLBACK, "--auth-method", "client_secret_basic",
        "--grant-types", "authorization_code,refresh_token,client_credentials",
        "--scopes", "openid profile email offline_access accounts.read transactions.read consents.write")


@pytest.fixture(scope="module")
def metadata(server):
    return requests.get(f"{server.issuer}/.well-known/openid-configuration").json()


def session(partner, **options):
    return OAuth2Session(
        partner["client_id"], partner["client_secret"], token_endpoint_auth_method="client_secret_basic",
        redirect_uri=CALLBACK, code_challenge_method="S256", **options)


def authorized(partner, metadata, customer, scope="openid profile accounts.read transactions.read"):
    client = session(partner, scope=scope)
    verifier, nonce = generate_token(48), generate_token(20)
    address, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    answer = customer.decide(address)
    parameters = parse_qs(urlsplit(answer).query)
    assert parameters["state"] == [state]
    assert parameters["iss"] == [metadata["issuer"]]
    token = client.fetch_token(metadata["token_endpoint"], authorization_response=answer, code_verifier=verifier)
    return client, token, nonce


def test_code_with_pkce_id_token_userinfo_and_api(server, partner, metadata, amina):
    client, token, nonce = authorized(partner, metadata, amina)

    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    jwt.JWTClaimsRegistry(
        leeway=5, iss={"essential": True, "value": metadata["issuer"]}, aud={"essential": True, "value": partner["client_id"]},
        nonce={"essential": True, "value": nonce}, exp={"essential": True}).validate(claims)
    userinfo = client.get(metadata["userinfo_endpoint"]).json()
    accounts = client.get(f"{server.issuer}/v1/accounts").json()["data"]
    balance = client.get(f"{server.issuer}/v1/accounts/{accounts[0]['id']}/balance")
    transactions = client.get(f"{server.issuer}/v1/accounts/{accounts[0]['id']}/transactions")

    assert token["token_type"] == "Bearer" and token["expires_in"] == 300
    assert userinfo["sub"] == claims["sub"]
    assert len(accounts) == 1
    assert balance.status_code == 200 and transactions.status_code == 200
    assert transactions.json()["data"]


def test_refresh_keeps_the_grant(partner, metadata, amina):
    client, token, _ = authorized(partner, metadata, amina)

    renewed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])

    assert renewed["access_token"] != token["access_token"]


def test_client_credentials(partner, metadata):
    client = session(partner, scope="consents.write")

    token = client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")

    assert token["token_type"] == "Bearer" and token["scope"] == "consents.write"


def test_introspection_and_revocation(partner, metadata, amina):
    client, token, _ = authorized(partner, metadata, amina)

    before = client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
    revoked = client.revoke_token(metadata["revocation_endpoint"], token=token["refresh_token"], token_type_hint="refresh_token")
    after = client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()

    assert before["active"] is True and before["client_id"] == partner["client_id"]
    assert revoked.status_code == 200
    assert after == {"active": False}


def test_withdrawal_reaches_the_gateway_within_a_second(server, partner, metadata, amina):
    client, token, _ = authorized(partner, metadata, amina)
    consent = client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json().get("consent_id")
    app = session(partner, scope="consents.write")
    app.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")

    assert client.get(f"{server.issuer}/v1/accounts").status_code == 200
    assert app.delete(f"{server.issuer}/v1/consents/{consent}").status_code == 204
    deadline = time.monotonic() + 1
    answer = client.get(f"{server.issuer}/v1/accounts")
    while answer.status_code == 200 and time.monotonic() < deadline:
        answer = client.get(f"{server.issuer}/v1/accounts")

    assert answer.status_code == 403
    assert answer.json()["code"] == "consent_revoked"
    assert requests.post(
        metadata["token_endpoint"], auth=(partner["client_id"], partner["client_secret"]),
        data={"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}).json()["error"] == "invalid_grant"


def test_wrong_verifier_is_refused(partner, metadata, amina):
    client = session(partner, scope="openid")
    address, _ = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=generate_token(48))
    answer = amina.decide(address)

    with pytest.raises(Exception, match="invalid_grant"):
        client.fetch_token(metadata["token_endpoint"], authorization_response=answer, code_verifier=generate_token(48))


def test_rejection_returns_to_the_app(partner, metadata, amina):
    client = session(partner, scope="openid accounts.read")
    address, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_challenge=create_s256_code_challenge(generate_token(48)), code_challenge_method="S256")

    parameters = parse_qs(urlsplit(amina.decide(address, decision="reject")).query)

    assert parameters["error"] == ["access_denied"]
    assert parameters["state"] == [state]
    assert parameters["iss"] == [metadata["issuer"]]
