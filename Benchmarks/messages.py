"""HTTP requests as they go over the wire."""

from urllib.parse import urlencode

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def get(host, path, headers={}):
    return message("GET", host, path, headers)


def post(host, path, fields, headers={}):
    return message("POST", host, path, {**FORM, **headers}, urlencode(fields).encode())


def message(method, host, path, headers, body=b""):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
