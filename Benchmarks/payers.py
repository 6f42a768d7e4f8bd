"""Apps whose customers approved payments, and the requests that make them."""

import json
import random
import secrets
import sys
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

import messages
import wrk
from flows import CALLBACK, challenge_of
from settings import ROOT
from world import App

sys.path.insert(0, str(ROOT / "Tests/Shared"))
from approvals import PER_ACCOUNT, Approvals
from rows import Rows
from servers import Customer as Visitor  # signs in as a browser does

BILL = {"amount": {"amount": "10.00", "currency": "KES"}, "creditor": {"name": "Kenya Power", "account": "KPLC-882-001"}, "reference": "Bill 77"}
APPS = 10
YEAR = 365 * 86_400


class Payers:
    """Each app has one consent that Amina approved on the pages; the others are copies of it, from accounts made for them."""

    def __init__(self, product, folder):
        self.product, self.folder, self.rows = product, folder, Rows(product.database.url)
        self.payers = [self.payer(index) for index in range(APPS)]

    def payer(self, index):
        made = self.product.create_app(
            "--name", f"Payer {index}", "--redirect-uri", CALLBACK, "--auth-method", "client_secret_basic",
            "--grant-types", "authorization_code,refresh_token,client_credentials", "--scopes", "openid consents.write payments.write")
        client_id, credentials = made["client_id"], (made["client_id"], made["client_secret"])
        own = requests.post(
            f"{self.product.address}/oauth2/token", data={"grant_type": "client_credentials", "scope": "consents.write"}, auth=credentials).json()
        lodged = requests.post(
            f"{self.product.address}/v1/consents", json={"type": "payment", "payment": BILL}, headers={"Authorization": f"Bearer {own['access_token']}"})
        consent = lodged.json()["id"]
        self.approve(client_id, credentials, consent)
        return App.basic_of(*credentials), Approvals(self.product.database.url, self.folder, consent, client_id)

    def approve(self, client_id, credentials, consent):
        verifier = secrets.token_urlsafe(40)
        query = {"response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "scope": "openid", "state": "0",
                 "code_challenge": challenge_of(verifier), "code_challenge_method": "S256",
                 "authorization_details": json.dumps([{"type": "payment", "consent_id": consent}])}
        location = Visitor("amina.traveler").decide(f"{self.product.address}/oauth2/authorize?{urlencode(query)}")
        code = parse_qs(urlsplit(location).query)["code"][0]
        redeemed = requests.post(
            f"{self.product.address}/oauth2/token", auth=credentials,
            data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier})
        assert redeemed.status_code == 200, redeemed.text

    def payments(self, count, history=False):
        """As many requests, each under a consent of its own, half of them to accounts of this bank. Access tokens live five minutes.
        `history`: whether each account has a year of postings behind it."""
        approved = []
        for basic, approvals in self.payers:
            # An account has one payment at a time, as a customer's has; what has a year behind it pays a few.
            made = approvals.make(-(-count // APPS), per_account=PER_ACCOUNT if history else 1)
            if history:
                self.remember(approvals, made)
            approved += [(basic, approval) for approval in made]
        random.shuffle(approved)
        approved = approved[:count]
        answers = wrk.once(self.product.address, [self.refresh(*one) for one in approved], "body").answers
        return [self.payment(approval, json.loads(answers[index])["access_token"]) for index, (_, approval) in enumerate(approved)]

    def refresh(self, basic, approval):
        fields = {"grant_type": "refresh_token", "refresh_token": approval.refresh_token}
        return messages.post(self.product.host, "/oauth2/token", fields, {"Authorization": basic})

    def payment(self, approval, token):
        body = {"consent_id": approval.consent, **BILL, "creditor": {**BILL["creditor"], "account": approval.creditor}}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(12)}
        return messages.message("POST", self.product.host, "/v1/payments", headers, json.dumps(body).encode())

    def remember(self, approvals, made):
        """Amina's own year, on each account that pays."""
        sample = approvals.account["id"]
        row = self.rows.select(f"SELECT * FROM posting WHERE account_id = '{sample}' LIMIT 1")[0]
        columns = [name for name in row if name not in ("id", "account_id")]
        self.rows.execute(*(
            f"INSERT INTO posting (id, account_id, {', '.join(columns)}) SELECT '{account}_' || id, '{account}', {', '.join(columns)} FROM posting "
            f"WHERE account_id = '{sample}' AND booked_at >= {int(time.time()) - YEAR}" for account in {approval.account for approval in made}))

    def settled(self):
        """Waits until what goes to other banks has gone."""
        while self.rows.select("SELECT COUNT(*) AS count FROM payment WHERE status = 'accepted'")[0]["count"]:
            time.sleep(0.5)
