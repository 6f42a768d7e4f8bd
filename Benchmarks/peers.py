"""HAProxy as a peer of the gateway: it checks the same access tokens, in the same minutes."""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import requests
from joserfc import jws
from joserfc.jwk import ECKey

from processes import Process, free_port

# Where Debian puts it, which is not on everybody's path.
PROGRAM = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")

# As many threads as there are processors, which is the default, and no log. The answer is the floor's, and `load.lua` knows it by its interaction id.
CONFIGURATION = """
defaults
    mode http
    timeout client 60s

frontend gateway
    bind 127.0.0.1:{port}
    monitor-uri /ready
    http-request set-var(txn.token) http_auth_bearer
    http-request set-var(txn.now) date
    http-request set-var(txn.expires) var(txn.token),jwt_payload_query('$.exp','int')
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(ES256,"{key}") -m int 1 }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.iss') -m str {issuer} }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.aud') -m str {issuer}/v1 }}
    http-request deny deny_status 401 unless {{ var(txn.expires),sub(txn.now) -m int gt 0 }}
    http-request return status 200 content-type application/json file {answer} hdr x-fapi-interaction-id %[req.hdr(x-fapi-interaction-id)]
"""


@contextmanager
def verifying(product, floor, request, folder):
    """HAProxy, once it has shown with the token of this request that it verifies; None where it is not installed."""
    if not PROGRAM:
        yield None
        return
    token = re.search(rb"Bearer (\S+)", request).group(1).decode()
    peer = HAProxy(product, floor, token, folder)
    try:
        peer.prove(token)
        yield peer
    finally:
        peer.stop()


class HAProxy(Process):
    """Verifies the ES256 signature, issuer, audience and expiry of access tokens, and answers a constant itself."""

    title = "HAProxy, the token's ES256 signature and claims, constant answer"

    def __init__(self, product, floor, token, folder):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        metadata = requests.get(f"{product.address}/.well-known/openid-configuration").json()
        key, answer, configuration = (Path(folder) / name for name in ["peer.pem", "peer.json", "haproxy.cfg"])
        key.write_bytes(public_key(metadata["jwks_uri"], token))
        answer.write_bytes(requests.get(f"{floor.address}/constant").content)
        configuration.write_text(CONFIGURATION.format(port=self.port, key=key, issuer=metadata["issuer"], answer=answer))
        super().__init__([PROGRAM, "-db", "-f", configuration], f"{self.address}/ready")

    def prove(self, token):
        """A check that is none would be quick."""
        message, _, signature = token.rpartition(".")
        changed = f"{message}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
        for sent, wanted, name in [(token, 200, "a good token"), (changed, 401, "a token whose signature was changed")]:
            status = requests.get(self.address, headers={"Authorization": f"Bearer {sent}"}).status_code
            assert status == wanted, f"HAProxy is no peer: it answers {status} instead of {wanted} to {name}"


def public_key(jwks_uri, token):
    """In PEM, the published key that signed the token."""
    kid = jws.extract_compact(token.encode()).protected["kid"]
    [key] = [key for key in requests.get(jwks_uri).json()["keys"] if key["kid"] == kid]
    return ECKey.import_key(key).as_pem(private=False)
