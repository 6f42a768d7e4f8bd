"""What a partner signs: DPoP proofs and client assertions."""

import base64
import hashlib
import secrets
import time

from joserfc import jwt
from joserfc.jwk import ECKey


def compact(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Proofs:
    """DPoP proofs (RFC 9449 §4.2)."""

    def __init__(self):
        self.key = ECKey.generate_key("P-256")

    def make(self, method, address, token=None):
        claims = {"htm": method, "htu": address, "iat": int(time.time()), "jti": secrets.token_urlsafe(16)}
        if token:
            claims["ath"] = compact(hashlib.sha256(token.encode()).digest())
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        return jwt.encode(header, claims, self.key)


def assertion(key, client_id, audience):
    """A client's assertion (RFC 7523 §3), as the fields of a form."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 60, "jti": secrets.token_urlsafe(16)}
    return {
        "client_id": client_id, "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)}
