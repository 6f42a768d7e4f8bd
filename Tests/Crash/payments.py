"""Payments: what a partner was told about each, and what must have become of it."""

import json
import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from approvals import Approval, Approvals  # noqa: E402
from rows import Rows  # noqa: E402
from wire import Partner, code_of  # noqa: E402

BILL = {"amount": {"amount": "10.00", "currency": "KES"}, "creditor": {"name": "Kenya Power", "account": "KPLC-882-001"}, "reference": "Bill 77"}


@dataclass
class Payment:
    """One payment as it is sent, with one key however often."""
    purse: "Purse"
    approval: Approval
    token: str = None
    id: str = None
    """What it was answered with."""
    key: str = field(default_factory=lambda: secrets.token_hex(12))

    @property
    def partner(self):
        return self.purse.partner

    @property
    def body(self):
        return {"consent_id": self.approval.consent, **BILL, "creditor": {**BILL["creditor"], "account": self.approval.creditor}}


class Purse:
    """Approved payments of one app, to be made once each."""

    def __init__(self, node, worker, count=200):
        self.node, self.partner, self.rows = node, worker.partner, Rows(node.database)
        self.approvals = Approvals(node.database, node.folder.name, self.approved(worker), self.partner.app["client_id"])
        self.full = []
        self.fill(count)

    def approved(self, worker):
        """The consent that the others are copies of."""
        lodged = self.partner.lodge_payment(self.partner.own_token().json["access_token"], BILL)
        consent = lodged.json["id"]
        question = worker.customer.question(
            self.partner, scope="openid", authorization_details=json.dumps([{"type": "payment", "consent_id": consent}]))
        code = code_of(question.approve())
        assert self.partner.exchange(code, question.verifier).status == 200
        return consent

    def fill(self, count):
        self.full += self.approvals.make(max(0, count - len(self.full)))

    def next(self):
        """- Returns: `None` when nothing is left."""
        try:
            return Payment(self, self.full.pop())
        except IndexError:
            return None

    def let_a_minute_pass(self):
        """What only time can do otherwise: keys of processes that died may be taken over, and what they had received goes to review."""
        # One by one: together they would lock a payment behind its key, and a node at work beside them locks the key behind its payment.
        self.rows.execute("UPDATE idempotency_key SET claimed_at = claimed_at - 60 WHERE status IS NULL")
        self.rows.execute("UPDATE payment SET settles_at = settles_at - 60 WHERE status = 'received'")


class Payments:
    """The payments of a ledger, held against the server and its books."""

    def __init__(self, ledger):
        self.ledger = ledger

    def ask(self, payment):
        """Under one key there is one payment: the one that was answered, or the one that the answer was lost of, or one that is made now."""
        answer = payment.partner.pay(payment)
        if payment.id is None and answer.status == 409:
            # The dead process's claim: the caller is told to come back.
            self.ledger.expect(answer.is_clear_refusal and "Retry-After" in answer.headers, "a claim of a dead process asks to come back", answer)
            self.ledger.count("payments still claimed")
            return
        if not self.ledger.expect(answer.status == 201, "a payment asked again is made, or was", answer):
            return
        if payment.id:
            self.ledger.expect(answer.json["id"] == payment.id and answer.is_replay, "a payment that was acknowledged is there, once", answer)
            self.ledger.count("payments found")
        else:
            payment.id = answer.json["id"]
            self.ledger.count("payments asked again: " + self.tell(answer))

    @staticmethod
    def tell(answer):
        if answer.is_replay:
            return "had been made"
        return "had been received" if answer.json["status_reason"] == "interrupted" else "made now"

    def settle(self, payments):
        """Asks again for each, and once more a minute later for those whose key a dead process held. Afterwards everything about them is known."""
        for payment in payments:
            self.ask(payment)
        unknown = [payment for payment in payments if payment.id is None]
        for purse in purses(unknown):
            purse.let_a_minute_pass()
        for payment in unknown:
            self.ask(payment)
            self.ledger.expect(payment.id, "a key is free after a minute")
        for purse in purses(payments):
            self.look_into(purse.rows)

    def ask_all(self):
        """Nothing is left open: each is there once, each is decided, and the books are right."""
        payments = self.ledger.payments
        for purse in purses(payments):
            purse.let_a_minute_pass()
            self.compare(purse, [payment for payment in payments if payment.purse is purse])
            self.look_into(purse.rows)

    def compare(self, purse, payments):
        """The app's own list, with nothing in it that it did not ask for, and nothing twice."""
        wanted = sorted((payment.id or "", payment.approval.consent) for payment in payments)
        asked = {payment.approval.consent for payment in payments}
        found = [payment for payment in self.listed(purse.partner) if payment["consent_id"] in asked]
        self.ledger.expect(sorted((payment["id"], payment["consent_id"]) for payment in found) == wanted, "the list holds each payment once")
        deadline = time.monotonic() + 20
        while any(payment["status"] in ("received", "accepted") for payment in found) and time.monotonic() < deadline:
            time.sleep(0.2)
            found = [payment for payment in self.listed(purse.partner) if payment["consent_id"] in asked]
        for payment in found:
            self.ledger.count(f"payments {payment['status']}")
            self.ledger.expect(payment["status"] in ("settled", "held"), "a payment is decided, and settled when it was accepted", payment)

    @staticmethod
    def listed(partner: Partner):
        headers = {"Authorization": f"Bearer {partner.own_token('payments.write').json['access_token']}"}
        address = f"{partner.node.address}/v1/payments?limit=100"
        while address:
            answer = partner.perform("GET", address, partner.timeout, headers=headers)
            yield from answer.json["data"]
            following = answer.json["links"].get("next")
            address = following and following.replace(partner.node.issuer, partner.node.address, 1)

    def look_into(self, rows):
        """Everything sums to zero, and what is kept of an account follows from its postings and holds."""
        found = rows.select(" UNION ALL ".join(
            f"SELECT '{what}' AS what, COUNT(*) AS wrong FROM ({statement}) wrong" for what, statement in BOOKS.items()))
        for one in found:
            self.ledger.expect(one["wrong"] == 0, one["what"], one["wrong"])


def purses(payments):
    return {id(payment.purse): payment.purse for payment in payments}.values()


BOOKS = {
    "postings sum to zero": "SELECT currency, SUM(amount) AS total FROM posting GROUP BY currency HAVING SUM(amount) <> 0",
    "a balance is the sum of its postings": """
        SELECT id, booked FROM account
        WHERE owner = 'customer' AND booked <> (SELECT COALESCE(SUM(amount), 0) FROM posting WHERE account_id = account.id)""",
    "what is held is the sum of the pending holds": """
        SELECT id, held FROM account
        WHERE owner = 'customer'
            AND held <> (SELECT COALESCE(-SUM(amount), 0) FROM hold WHERE account_id = account.id AND state = 'pending' AND amount < 0)""",
    "no account is below its limit": "SELECT id FROM account WHERE owner = 'customer' AND booked - held < -overdraft_limit",
    "a settled payment has one entry, another none": """
        SELECT id, status FROM payment
        WHERE (SELECT COUNT(*) FROM journal_entry WHERE payment_id = payment.id) <> CASE status WHEN 'settled' THEN 1 ELSE 0 END""",
    "a payment has one hold, in the state that its status asks for": """
        SELECT id, status FROM payment
        WHERE (SELECT COUNT(*) FROM hold WHERE payment_id = payment.id) <> 1
            OR (SELECT state FROM hold WHERE id = payment.hold_id)
                <> CASE status WHEN 'settled' THEN 'settled' WHEN 'rejected' THEN 'released' ELSE 'pending' END""",
    "a key made one payment": "SELECT idempotency_key FROM payment GROUP BY app_id, idempotency_key HAVING COUNT(*) > 1",
}
