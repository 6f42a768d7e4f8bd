"""Requests that no client would send, made of sound ones: the same in every run of one seed."""

import json
import random
import socket
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, quote_plus

PIECES = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"1e300", b"-1e309", b"9223372036854775808", b"0.1", b'"alg":"none"', b'"kty":"oct"',
    b"\0", b"%00", b"%", b"%zz", b"%ff", b"&", b"=", b"#", b"..", b"//", b"@", b"*", b"\r\n", b" ", b".", b"-", b"_", b"==", b"+", b"'", b"' OR 1=1 --", b"\xff",
    b"\xc0\x80", b"\xed\xa0\x80", "é\u0301\u202e💥".encode(), b"[" * 100, b"a" * 5000, b"urn:ietf:params:oauth:request_uri:", b"Bearer ", b"Basic ", b"DPoP ",
]
VALUES = [
    None, True, 0, -1, 0.1, 1e300, 2**63, 2**64, "", " ", "\0", "x", "é💥", "\ud800", "a" * 5000, "null", "%00", "{}", "[]", [], {}, [None], [[]], {"": ""}, {"a": {"b": []}},
    ["a", "a"], "9" * 400, "2026-13-45T25:61:61Z", "9999-12-31T23:59:59Z", "javascript:alert(1)", "http://[::1", "https://\0", "-0", "1e9999",
]


@dataclass
class Sample:
    """A sound request; `body` is a form's fields or what stands in the JSON."""

    method: str
    path: str
    headers: dict = field(default_factory=dict)
    query: str = ""
    body: object = None

    @property
    def written(self):
        """The body as it travels."""
        if self.body is None:
            return b""
        return json.dumps(self.body).encode() if isinstance(self.body, dict) else form(self.body)


def form(fields):
    return "&".join(f"{quote_plus(name)}={quote_plus(value, errors='surrogatepass')}" for name, value in fields).encode()


class Mutator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def next(self, samples):
        """Some sample, made now, with one or two of its parts changed, as bytes for a connection of its own."""
        sample = self.random.choice(samples)()
        headers = {name: value.encode() for name, value in sample.headers.items()}
        query, body = sample.query.encode(), sample.written
        # What is looked at last is changed most: behind a broken header nobody reads the body.
        parts = [part for part, is_there, often in [("query", query, 3), ("body", body, 3), ("headers", headers, 1)] if is_there for _ in range(often)]
        for _ in range(self.random.randint(1, 2)):
            part = self.random.choice(parts)
            if part == "query":
                query = self.query(sample.query) if self.random.random() < 0.5 else self.bytes(query)
            elif part == "body":
                body = self.body(sample.body) if self.random.random() < 0.6 else self.bytes(body)
            else:
                name = self.random.choice(list(headers))
                headers[name] = self.bytes(headers[name])
        target = quote(sample.path).encode() + (b"?" + query if query else b"")
        head = [f"{sample.method} ".encode() + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close", b"Content-Length: %d" % len(body)]
        # Each comes from somewhere else, so that no limit of one address keeps the others from being looked at.
        head.append(f"X-Forwarded-For: 2001:db8:{self.random.randint(0, 65535):x}:{self.random.randint(0, 65535):x}::1".encode())
        return b"\r\n".join([*head, *(name.encode() + b": " + value for name, value in headers.items()), b"", b""]) + body

    def bytes(self, data):
        """Flipped, cut, repeated, and with pieces put in."""
        data = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            place = self.random.randint(0, len(data))
            end = min(len(data), place + self.random.randint(0, 24))
            match self.random.randint(0, 5):
                case 0: data[place:place] = self.random.choice(PIECES)
                case 1: data[place:end] = self.random.choice(PIECES)
                case 2: del data[place:end]
                case 3: del data[place:]
                case 4: data[place:place] = data[place:end]
                case _: data[place:place + 1] = self.random.randbytes(1)
        return bytes(data)

    def body(self, body):
        return json.dumps(self.json(body)).encode() if isinstance(body, dict) else form(self.fields(body))

    def query(self, query):
        return form(self.fields(parse_qsl(query)))

    def fields(self, fields):
        """A value changed, a field left out or sent twice."""
        fields = list(fields)
        place = self.random.randrange(len(fields))
        name, value = fields[place]
        match self.random.randint(0, 4):
            case 0: del fields[place]
            case 1: fields.append((name, value))
            case 2: fields[place] = name, self.bytes(value.encode()).decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
            case 3 if value.startswith(("{", "[")): fields[place] = name, json.dumps(self.json(json.loads(value)))
            case _:
                other = self.random.choice(VALUES)
                fields[place] = name, other if isinstance(other, str) else json.dumps(other)
        return fields

    def json(self, value):
        """The value with some part of it replaced."""
        if isinstance(value, dict) and value and self.random.random() < 0.9:
            name = self.random.choice(list(value))
            if self.random.random() < 0.15:
                return {**{other: part for other, part in value.items() if other != name}, str(self.random.choice(VALUES)): value[name]}
            return {**value, name: self.json(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.7:
            place = self.random.randrange(len(value))
            return [*value[:place], self.json(value[place]), *value[place + 1:]]
        return self.random.choice(VALUES)


def status(port, request):
    """The status that these bytes get, or None where the connection ends without an answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        received = b""
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                received += part
        except ConnectionError:
            pass
    return int(received[9:12]) if received.startswith(b"HTTP/1.1 ") else None
