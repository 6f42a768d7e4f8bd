"""Runs the product and its floors in turn under one load, and prints what each request costs.

Rates on a shared machine move within the hour; the ratio to a floor measured in the same minutes, and processor time per request, are what to compare.
"""

import base64
import hashlib
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/Clients"))
from conftest import Customer, free_port  # the customer who signs in and approves

PRODUCT = ROOT / ".build/release/wekeza"
FLOOR = ROOT / ".build-bench/release/floor"
SECONDS = int(os.environ.get("BENCH_SECONDS", "10"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "64"))
DATABASE = os.environ.get("BENCH_DATABASE")  # postgres://… of an empty database; SQLite when unset
CALLBACK = "https://bench.example/callback"
TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    def __init__(self, arguments, ready):
        self.started = time.monotonic()
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd=ROOT)
        while True:
            assert self.process.poll() is None, f"{arguments[0]} ended"
            try:
                if requests.get(ready, timeout=1).status_code == 200:
                    break
            except requests.RequestException:
                time.sleep(0.01)
        self.ready_after = time.monotonic() - self.started

    def processor_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_megabytes(self):
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text()).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Product(Process):
    def __init__(self, folder):
        self.port, self.ops_port = free_port(), free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.arguments = ["--data", folder, "--assets", str(ROOT), "--database", DATABASE or f"sqlite:{folder}/wekeza.db"]
        super().__init__(
            [PRODUCT, "serve", "--demo", "--port", str(self.port), "--ops-port", str(self.ops_port), *self.arguments],
            f"http://127.0.0.1:{self.ops_port}/readyz")

    def create_app(self, *arguments):
        done = subprocess.run([PRODUCT, "apps", "create", "--name", "Bench", "--plan", "unlimited", "--json", *self.arguments, *arguments],
                              capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def statements(self):
        text = requests.get(f"http://127.0.0.1:{self.ops_port}/metrics").text
        return float(re.search(r"^sql_statements_total (\S+)", text, re.M).group(1))


class Partner:
    """An app of the product's, and the customer who approved it."""

    def __init__(self, product):
        self.product = product
        app = product.create_app(
            "--redirect-uri", CALLBACK, "--auth-method", "client_secret_basic", "--grant-types", "authorization_code,refresh_token,client_credentials",
            "--scopes", "openid accounts.read transactions.read consents.write")
        self.credentials = (app["client_id"], app["client_secret"])
        self.basic = "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode()
        self.customer = Customer("amina.traveler")

    def token(self, **form):
        answer = requests.post(f"{self.product.issuer}/oauth2/token", data=form, auth=self.credentials)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lodge(self):
        bearer = self.token(grant_type="client_credentials", scope="consents.write")["access_token"]
        body = {"type": "account_access", "permissions": ["ReadAccountsBasic", "ReadBalances"],
                "expires_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400 * 30))}
        answer = requests.post(f"{self.product.issuer}/v1/consents", json=body, headers={"Authorization": f"Bearer {bearer}", "Idempotency-Key": secrets.token_hex(8)})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def code(self, consent=None):
        """Sends the customer through an authorization.
        Returns the code and its verifier."""
        verifier = secrets.token_urlsafe(40)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {"response_type": "code", "client_id": self.credentials[0], "redirect_uri": CALLBACK, "scope": "openid accounts.read transactions.read",
                      "state": "s", "code_challenge": challenge, "code_challenge_method": "S256"}
        if consent:
            parameters["authorization_details"] = json.dumps([{"type": "account_access", "consent_id": consent}])
        target = self.customer.decide(f"{self.product.issuer}/oauth2/authorize?{urlencode(parameters)}")
        return parse_qs(urlsplit(target).query)["code"][0], verifier

    def exchange(self, code, verifier):
        return self.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=verifier)

    def get(self, path, bearer):
        answer = requests.get(f"{self.product.issuer}/v1{path}", headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code == 200, answer.text
        return answer.json()


def load(process, address, script, seconds=SECONDS):
    """One round. Returns requests per second and the server's microseconds of processor time per request."""
    before = process.processor_seconds()
    done = subprocess.run(["wrk", "-c", str(CONNECTIONS), "-t", "2", "-d", f"{seconds}s", "-s", script, address], capture_output=True, text=True)
    used = process.processor_seconds() - before
    assert done.returncode == 0, done.stderr
    assert "Non-2xx" not in done.stdout, done.stdout
    total = int(re.search(r"(\d+) requests in", done.stdout).group(1))
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1)), used / total * 1e6, total


def script(folder, method, headers, body=None):
    path = Path(folder) / f"{secrets.token_hex(4)}.lua"
    lines = [f'wrk.method = "{method}"'] + [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    if body:
        lines.append(f'wrk.body = "{body}"')
    path.write_text("\n".join(lines))
    return str(path)


def compare(title, floor_name, product, floor, product_target, floor_target):
    """Product and floor take turns, so that what disturbs one disturbs the other.
    `product_target` is asked anew for each round: access tokens live five minutes."""
    print(f"… {title}", file=sys.stderr)
    load(product, *product_target(), seconds=2)
    load(floor, *floor_target, seconds=2)
    rates, floors, costs, floor_costs, statements = [], [], [], [], []
    for _ in range(ROUNDS):
        rate, cost, _ = load(floor, *floor_target)
        floors.append(rate)
        floor_costs.append(cost)
        target = product_target()
        before = product.statements()
        rate, cost, total = load(product, *target)
        statements.append((product.statements() - before) / total)
        rates.append(rate)
        costs.append(cost)
    row(title, rates, costs, f"{statistics.median(rates) / statistics.median(floors):.2f}", f"{statistics.median(statements):.2f}")
    row("  floor: " + floor_name, floors, floor_costs, "1.00", "–")


def row(title, rates, costs, ratio, statements):
    spread = (max(rates) - min(rates)) / statistics.median(rates) * 100
    print(f"| {title} | {statistics.median(rates):,.0f} | ±{spread / 2:.0f} % | {ratio} | {statistics.median(costs):.0f} | {statements} |", flush=True)


def count_statements(product, operations, times=20):
    """What one operation asks of the database, without what runs beside it (the change feed's looks)."""
    started, before = time.monotonic(), product.statements()
    time.sleep(2)
    idle = (product.statements() - before) / (time.monotonic() - started)
    print("\n| operation | SQL statements |\n|---|---:|")
    for name, prepare, operation in operations:
        prepared = [prepare() for _ in range(times)]
        started, before = time.monotonic(), product.statements()
        for item in prepared:
            operation(item)
        used = product.statements() - before - idle * (time.monotonic() - started)
        print(f"| {name} | {used / times:.1f} |", flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        floor_port = free_port()
        floor = Process([FLOOR, str(floor_port)], f"http://127.0.0.1:{floor_port}/constant")
        first = Product(folder)
        first_ready = first.ready_after
        first.stop()
        product = Product(folder)
        idle = product.resident_megabytes()
        try:
            partner = Partner(product)
            granted = partner.exchange(*partner.code())
            account = partner.get("/accounts", granted["access_token"])["data"][0]["id"]
            refresh = {"token": granted["refresh_token"]}

            def renew():
                answer = partner.token(grant_type="refresh_token", refresh_token=refresh["token"])
                refresh["token"] = answer.get("refresh_token", refresh["token"])
                return answer["access_token"]

            form = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": partner.basic}
            body = "grant_type=client_credentials&scope=consents.write"
            token = f"{product.issuer}/oauth2/token", script(folder, "POST", form, body)

            print(f"`wrk -c {CONNECTIONS} -t 2`, {ROUNDS} rounds of {SECONDS} s, {os.cpu_count()} processors shared with the load generator, "
                  f"{'PostgreSQL' if DATABASE else 'SQLite'}\n")
            print("| what | requests/s (median) | spread | ratio to floor | server CPU µs per request | SQL statements per request |\n|---|---:|---:|---:|---:|---:|")
            compare("client-credentials token", "form body, one ES256 signature", product, floor, lambda: token,
                    (f"http://127.0.0.1:{floor_port}/signature", script(folder, "POST", form, body)))
            compare("`GET /v1/accounts/{id}/balance`", "constant answer", product, floor,
                    lambda: (f"{product.issuer}/v1/accounts/{account}/balance", script(folder, "GET", {"Authorization": f"Bearer {renew()}"})),
                    (f"http://127.0.0.1:{floor_port}/constant", script(folder, "GET", {})))
            loaded = product.resident_megabytes()

            bearer = renew()
            nothing = lambda: None
            count_statements(product, [
                ("token, client credentials", nothing, lambda _: partner.token(grant_type="client_credentials", scope="consents.write")),
                ("lodge a consent (with its token)", nothing, lambda _: partner.lodge()),
                ("exchange a code", partner.code, lambda item: partner.exchange(*item)),
                ("refresh", nothing, lambda _: renew()),
                ("`GET /v1/accounts`", nothing, lambda _: partner.get("/accounts", bearer)),
                ("`GET /v1/accounts/{id}/balance`", nothing, lambda _: partner.get(f"/accounts/{account}/balance", bearer)),
                ("`GET /v1/accounts/{id}/transactions`", nothing, lambda _: partner.get(f"/accounts/{account}/transactions", bearer)),
            ])
            print(f"\nResident memory: {idle:.0f} MB idle, {loaded:.0f} MB after the load; the floor {floor.resident_megabytes():.0f} MB.")
            print(f"Time to ready: {first_ready:.2f} s at the first start (migrates and seeds), {product.ready_after:.2f} s at the second.")
        finally:
            product.stop()
            floor.stop()


main()
