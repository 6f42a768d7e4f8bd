"""Apps that prove themselves with a key or a certificate, and what they send for it."""

import base64
import json
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import messages
from settings import APPS, ROOT

sys.path.insert(0, str(ROOT / "Tests/Shared"))
from authorities import self_signed

FIELDS = {"grant_type": "client_credentials", "scope": "consents.write"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Key:
    """ES256 (RFC 7518 §3.4). Written out, because a library's way from claims to token takes longer than the signature."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": base64url(numbers.x.to_bytes(32, "big")), "y": base64url(numbers.y.to_bytes(32, "big"))}

    def signed(self, header, claims):
        message = ".".join(base64url(json.dumps(part).encode()) for part in [{"alg": "ES256", **header}, claims])
        r, s = decode_dss_signature(self.private.sign(message.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{message}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@dataclass
class Keyed:
    """An app with a key that it signs its assertions with, and one that its tokens are bound to."""

    client_id: str
    key: Key
    proving: Key


class KeyedApps:
    def __init__(self, product, folder):
        self.product = product
        with ThreadPoolExecutor(2) as pool:
            self.apps = list(pool.map(lambda index: self.create(folder, index), range(APPS)))

    def create(self, folder, index):
        key, keys = Key(), Path(f"{folder}/jwks-{index}.json")
        keys.write_text(json.dumps({"keys": [{**key.jwk, "kid": "bench", "alg": "ES256", "use": "sig"}]}))
        made = self.product.create_app(
            "--name", f"Keyed {index}", "--auth-method", "private_key_jwt", "--jwks", str(keys), "--grant-types", "client_credentials",
            "--scopes", "consents.write")
        return Keyed(made["client_id"], key, Key())

    def tokens(self, count, proven=False):
        """As many requests for tokens, each with an assertion of its own, and a DPoP proof where it is asked for."""
        return [self.token(self.apps[index % len(self.apps)], proven) for index in range(count)]

    def token(self, app, proven):
        fields = {**FIELDS, "client_assertion_type": ASSERTION, "client_assertion": self.assertion(app)}
        return messages.post(self.product.host, "/oauth2/token", fields, {"DPoP": self.proof(app)} if proven else {})

    def assertion(self, app):
        """RFC 7523 §3."""
        now = int(time.time())
        return app.key.signed({"kid": "bench"}, {
            "iss": app.client_id, "sub": app.client_id, "aud": self.product.address, "iat": now, "exp": now + 240, "jti": secrets.token_urlsafe(16)})

    def proof(self, app):
        """RFC 9449 §4.2."""
        return app.proving.signed({"typ": "dpop+jwt", "jwk": app.proving.jwk}, {
            "htm": "POST", "htu": f"{self.product.address}/oauth2/token", "iat": int(time.time()), "jti": secrets.token_urlsafe(16)})


class CertifiedApps:
    """Apps that all registered one certificate: the load generator presents the same on each of its connections."""

    def __init__(self, product, folder):
        self.product = product
        self.certificate, self.key = self_signed("bench").write(Path(folder))
        with ThreadPoolExecutor(2) as pool:
            self.clients = list(pool.map(self.create, range(APPS)))

    def create(self, index):
        return self.product.create_app(
            "--name", f"Certified {index}", "--auth-method", "self_signed_tls_client_auth", "--certificate", self.certificate,
            "--certificate-bound", "--grant-types", "client_credentials", "--scopes", "consents.write")["client_id"]

    def tokens(self, headers={}):
        return [messages.post(self.product.tls_host, "/oauth2/token", {**FIELDS, "client_id": client}, headers) for client in self.clients]
