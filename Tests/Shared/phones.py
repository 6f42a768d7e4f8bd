"""An authenticator app, written from RFC 6238: it knows what the QR code says, and the time."""

import base64
import hmac
import struct
import time
from urllib.parse import parse_qs, unquote, urlsplit

# Seconds between reading a code and the server's looking at it, at the most.
TYPING = 5


class Phone:
    def __init__(self, address):
        self.address = urlsplit(address)
        told = {name: values[0] for name, values in parse_qs(self.address.query).items()}
        assert (self.address.scheme, self.address.netloc, told["algorithm"], told["digits"], told["period"]) == ("otpauth", "totp", "SHA1", "6", "30")
        self.key = base64.b32decode(told["secret"])
        self.spent = 0

    @property
    def account(self):
        return unquote(self.address.path.lstrip("/"))

    def code(self):
        """The earliest code that is still taken: the one before the present one and the one after it are, so there are three to begin with.
        One whose time is nearly over is none of them: it would be refused by the time that a slow browser has typed it."""
        while (step := max(self.spent + 1, int(time.time() + TYPING) // 30 - 1)) > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self.spent = step
        digest = hmac.digest(self.key, struct.pack(">Q", step), "sha1")
        place = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[place:place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
