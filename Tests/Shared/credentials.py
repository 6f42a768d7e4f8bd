"""What the product hands out and can check without keeping it, made here with the key of the deployment, which is ours."""

import base64
import hashlib
import hmac
from pathlib import Path


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def digest(secret):
    """The form in which a secret is kept."""
    return base64url(hashlib.sha256(secret.encode()).digest())


class RefreshTokens:
    """docs/decisions/0003-refresh-tokens.md: a token is its grant, its generation, and a code over both and the client."""

    def __init__(self, folder):
        master = base64.urlsafe_b64decode(Path(f"{folder}/master.key").read_text().strip() + "=")
        # RFC 5869 with an empty salt; 32 bytes are one block.
        extracted = hmac.digest(bytes(32), master, "sha256")
        self.key = hmac.digest(extracted, b"wekeza/1/mac/refresh-token\x01", "sha256")

    def token(self, grant, generation, client_id):
        code = base64url(hmac.digest(self.key, f"{grant}|{generation}|{client_id}".encode(), "sha256"))
        return f"wkz_rt_{grant}_{generation}_{code}"
