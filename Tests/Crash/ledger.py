"""What the partners and customers were told, kept outside the server, and held against it after every restart."""

import base64
import json
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from payments import Payments
from wire import Partner, Question, code_of


@dataclass
class Family:
    """What one authorization obtained."""
    partner: Partner
    question: Question
    code: str = None
    # asked: the approval's answer never came; code: it came and its code is unspent; exchanging: the exchange's answer never came;
    # live; ending: the answer to what ends it never came; ended; apart: a test looks after it itself
    state: str = "asked"
    access: str = None
    refresh: str = None
    """The latest refresh token that an answer carried."""
    previous: str = None
    """The refresh token whose successor was not told, or the one before `refresh`."""
    is_refreshing: bool = False
    successors: dict = field(default_factory=dict)

    @property
    def consent(self):
        """The access token names it."""
        claims = self.access.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["consent_id"]


@dataclass
class Lodging:
    """One consent lodged under an idempotency key."""
    partner: Partner
    key: str
    expires_at: str
    consent: str = None

    @classmethod
    def of(cls, partner):
        """For a month, under a key of its own."""
        return cls(partner, secrets.token_hex(12), (datetime.now(timezone.utc) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ"))


class Ledger:
    """Every promise that was made, and every sentence that should not have been said."""

    def __init__(self):
        self.families, self.lodgings, self.payments = [], [], []
        self.broken, self.counts, self.refusals = [], Counter(), []
        self.longest = {}
        """How long somebody of the load waited for an answer, in seconds, by what was asked."""
        self.lock = threading.Lock()

    def add(self, family):
        with self.lock:
            self.families.append(family)

    def lodge(self, lodging):
        with self.lock:
            self.lodgings.append(lodging)

    def pay(self, payment):
        with self.lock:
            self.payments.append(payment)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def waited(self, what, seconds):
        with self.lock:
            self.longest[what] = max(round(seconds, 2), self.longest.get(what, 0))

    def refuse(self, what, answer):
        """A refusal under trouble: it has to say so, and to say when to come back."""
        with self.lock:
            self.counts["refused"] += 1
            self.refusals.append((what, answer))
            if answer.status != 503 or not answer.is_clear_refusal:
                self.broken.append(f"{what}: {answer}")

    def expect(self, holds, promise, answer=None):
        if not holds:
            with self.lock:
                self.broken.append(f"{promise}: {answer}" if answer is not None else promise)
        return holds

    def obtained(self, family, answer):
        """An answer that carried tokens."""
        tokens = answer.json
        family.access = tokens["access_token"]
        self.succeeded(family, family.refresh, tokens.get("refresh_token"))
        family.state = "live"

    def succeeded(self, family, token, successor):
        """Whoever presented `token` was given `successor`: no other may ever follow it."""
        if token is not None and family.partner.is_public:
            known = family.successors.setdefault(token, successor)
            self.expect(known == successor, f"a refresh token has two successors: {token} → {known}, {successor}")
        if token != successor:
            family.previous = token
        family.refresh = successor

    # MARK: After the trouble

    def ask(self):
        """Asks for everything that was promised to anybody, again where the answer is to come back."""
        for one in (*self.families, *self.payments):
            one.partner.is_patient = True
        for family in self.families:
            self.settle(family)
        for family in self.families:
            self.check(family)
        Payments(self).settle(self.payments)
        Payments(self).ask_all()
        for one in (*self.families, *self.payments):
            one.partner.is_patient = False
        assert not self.broken, "\n".join(self.broken[:10])

    def settle(self, family):
        """What was left unanswered is asked again, as its partner or customer would. Afterwards everything about it is known."""
        if family.state == "asked":
            answer = family.question.approve()
            self.expect(answer.status in (303, 409), "an approval asked again is taken, or was", answer)
            family.code = code_of(answer)
            self.count("approvals asked again: " + ("taken now" if family.code else "had been taken"))
            family.state = "code" if family.code else "ended"
        if family.state in ("code", "exchanging"):
            was_sent = family.state == "exchanging"
            answer = family.partner.exchange(family.code, family.question.verifier)
            if answer.status == 200:
                self.obtained(family, answer)
            else:
                self.expect(was_sent and answer.says == "invalid_grant", "a code that was handed out and not used works", answer)
                family.state = "ended"
            if was_sent:
                self.count("exchanges asked again: " + ("redeemed now" if answer.status == 200 else "had been spent"))
        if family.state == "live" and family.is_refreshing:
            answer = family.partner.refresh(family.refresh)
            if self.expect(answer.status == 200, "a refresh whose answer was lost succeeds when it is asked again", answer):
                family.access = answer.json["access_token"]
                self.succeeded(family, family.refresh, answer.json["refresh_token"])
            self.count("refreshes asked again")
            family.is_refreshing = False

    def check(self, family):
        """Every token handed out is known, and what was ended stays ended."""
        partner = family.partner
        if family.state == "ending":
            answer = partner.refresh(family.refresh)
            self.expect(answer.status == 200 or answer.says == "invalid_grant", "an unanswered end happened or not", answer)
            self.count("ends without an answer: " + ("had not happened" if answer.status == 200 else "had happened"))
            if answer.status == 200:
                family.state = "live"
                self.obtained(family, answer)
            else:
                family.state = "ended"
        if family.state == "ended":
            if family.refresh:
                self.check_ended(family)
            return
        if family.state != "live":
            return
        if not partner.is_public:
            told = partner.introspect(family.access).json
            self.expect(told.get("active") is True and told.get("consent_id"), "an access token that was handed out is active", told)
            self.expect(partner.introspect(family.refresh).json.get("active") is True, "a refresh token that was handed out is active")
        answer = partner.get("/v1/accounts", family.access)
        self.expect(answer.status == 200 and len(answer.json["data"]) == 1, "the API takes a token that was handed out", answer)
        self.check_refresh(family)
        self.count("families alive")

    def check_refresh(self, family):
        """The latest token works; asked twice, it gives the same successor: nothing forks."""
        token = family.refresh
        first, again = family.partner.refresh(token), family.partner.refresh(token)
        for answer in (first, again):
            if self.expect(answer.status == 200, "a refresh token that was handed out works", answer):
                family.access = answer.json["access_token"]
                self.succeeded(family, token, answer.json["refresh_token"])

    def check_ended(self, family):
        answer = family.partner.refresh(family.refresh)
        self.expect(answer.says == "invalid_grant", "a refresh token that was ended stays ended", answer)
        answer = family.partner.get("/v1/accounts", family.access)
        self.expect(answer.status in (401, 403), "the API refuses a token that was ended", answer)
        self.count("families ended")

    def replay(self, family):
        """The code once more: it is refused, and what it obtained ends (RFC 6749 §4.1.2)."""
        answer = family.partner.exchange(family.code, family.question.verifier)
        self.expect(answer.says == "invalid_grant" and answer.status == 400, "no code works twice", answer)
        answer = family.partner.refresh(family.refresh)
        self.expect(answer.says == "invalid_grant", "what a replayed code obtained ends", answer)
        family.state = "ended"
        self.count("codes replayed")

    def check_lodging(self, lodging, token):
        """Under one key there is one consent."""
        answer = lodging.partner.lodge(token, lodging.key, lodging.expires_at)
        if lodging.consent is None and answer.status == 409:
            # The dead process's claim: the caller is told to come back.
            self.expect(answer.is_clear_refusal and "Retry-After" in answer.headers, "a claim of a dead process asks to come back", answer)
            self.count("lodgings still claimed")
            return
        if not self.expect(answer.status == 201, "a consent lodged again answers as before", answer):
            return
        found = answer.json["id"]
        if lodging.consent:
            self.expect(found == lodging.consent and answer.headers.get("Idempotency-Replayed") == "true", "one key makes one consent", answer)
        lodging.consent = found
        answer = lodging.partner.get(f"/v1/consents/{found}", token)
        self.expect(answer.status == 200 and answer.json["status"] == "awaiting_authorisation", "a consent that was lodged is there", answer)
        self.count("lodged consents found")
