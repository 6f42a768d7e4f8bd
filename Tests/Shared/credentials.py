"""What the product hands out and can check without keeping it, made here with the key of the deployment, which is ours."""

import base64
import hashlib
import hmac
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def digest(secret):
    """The form in which a secret is kept."""
    return base64url(hashlib.sha256(secret.encode()).digest())


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derived(key, purpose):
    """HKDF-SHA256 (RFC 5869) with an empty salt; 32 bytes are one block."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, f"wekeza/1/{purpose}\x01".encode(), "sha256")


def root_key(folder, rows):
    """docs/decisions/0023-root-key.md: what the database holds, opened by the master key."""
    octets = unpadded(rows.select("SELECT sealed FROM root_key")[0]["sealed"])
    master = unpadded(Path(f"{folder}/master.key").read_text().strip())
    return AESGCM(derived(master, "seal/root-key")).decrypt(octets[:12], octets[12:], b"root-key")


class RefreshTokens:
    """docs/decisions/0003-refresh-tokens.md: a token is its grant, its generation, and a code over both and the client."""

    def __init__(self, folder, rows):
        """Of the deployment whose master key is in the folder, and whose database `rows` reads."""
        self.key = derived(root_key(folder, rows), "mac/refresh-token")

    def token(self, grant, generation, client_id):
        code = base64url(hmac.digest(self.key, f"{grant}|{generation}|{client_id}".encode(), "sha256"))
        return f"wkz_rt_{grant}_{generation}_{code}"
