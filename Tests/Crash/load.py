"""Several partners and customers at once, who write down what they were told."""

import random
import threading
import time

from ledger import Family, Lodging
from payments import Purse
from wire import CALLBACK, Approver, PageRefused, Partner, code_of

CUSTOMERS = ["amina.traveler", "brian.parent", "chao.digital", "diana.student", "elijah.boomer"]


def make_apps(node):
    """One app that keeps a secret and one that cannot."""
    scopes = "openid accounts.read transactions.read"
    confidential = node.create_app(
        "Crash Web", "--redirect-uri", CALLBACK, "--auth-method", "client_secret_basic", "--plan", "unlimited",
        "--grant-types", "authorization_code,refresh_token,client_credentials", "--scopes", scopes + " consents.write payments.write")
    public = node.create_app(
        "Crash Phone", "--redirect-uri", CALLBACK, "--auth-method", "none", "--plan", "unlimited",
        "--grant-types", "authorization_code,refresh_token", "--scopes", scopes)
    return confidential, public


class Worker:
    """One customer at one partner, again and again: approve, exchange, refresh, sometimes end it; and payments that were approved before."""

    def __init__(self, node, app, name, ledger, seed, timeout=30):
        self.partner, self.customer = Partner(node, app, timeout), Approver(node, name, timeout=timeout)
        self.ledger, self.random = ledger, random.Random(seed)
        self.own_token = self.purse = None

    def sign_in(self):
        """Opens the session that lasts over every restart; a page that asks to sign in again breaks a promise."""
        assert self.customer.question(self.partner)
        self.customer.password = None

    def prepare(self):
        if not self.partner.is_public:
            answer = self.partner.own_token()
            self.own_token = answer and answer.json.get("access_token")

    def turn(self, going):
        """One family. An answer that does not come ends the turn.
        - Returns: whether the server still answers."""
        if self.own_token and self.random.random() < 0.4 and not self.lodge():
            return False
        while self.purse and self.random.random() < 0.6:
            if not going() or not self.pay():
                return going()
        try:
            question = self.customer.question(self.partner)
        except PageRefused as refused:
            self.ledger.refuse("consent page", refused.answer)
            return False
        if question is None:
            return False
        family = Family(self.partner, question)
        self.ledger.add(family)
        if not (self.approve(family) and self.exchange(family)):
            return False
        for _ in range(self.random.randrange(1, 7)):
            if not going() or not self.refresh(family):
                return going()
        return self.end(family) if self.random.random() < 0.3 else True

    def lodge(self):
        lodging = Lodging.of(self.partner)
        self.ledger.lodge(lodging)
        answer = self.partner.lodge(self.own_token, lodging.key, lodging.expires_at)
        if self.is_told("lodging", answer, 201):
            lodging.consent = answer.json["id"]
            self.acknowledged("lodged", answer, lodging)
        return answer is not None

    def pay(self):
        """One payment: its token, then itself, and sometimes again as if the answer had been lost."""
        payment = self.purse.next()
        if payment is None:
            return True
        answer = self.partner.refresh(payment.approval.refresh_token)
        if not self.is_told("payment's token", answer, 200):
            return False
        payment.token = answer.json["access_token"]
        self.ledger.pay(payment)
        answer = self.partner.pay(payment)
        if not self.is_told("payment", answer, 201):
            return False
        payment.id = answer.json["id"]
        self.acknowledged("paid", answer, payment)
        if self.random.random() < 0.2:
            again = self.partner.pay(payment)
            if not self.is_told("repeated payment", again, 201):
                return False
            self.ledger.expect(again.text == answer.text and again.is_replay, "a payment asked again is answered as before", again)
        return True

    def approve(self, family):
        answer = family.question.approve()
        if not self.is_told("approval", answer, 303):
            return False
        family.code, family.state = code_of(answer), "code"
        self.ledger.expect(family.code, "an approval answers with a code", answer)
        self.acknowledged("approved", answer, family)
        return True

    def exchange(self, family):
        family.state = "exchanging"
        answer = self.partner.exchange(family.code, family.question.verifier)
        if not self.is_told("exchange", answer, 200):
            return False
        self.ledger.obtained(family, answer)
        self.acknowledged("exchanged", answer, family)
        return True

    def refresh(self, family):
        token = family.refresh
        family.is_refreshing = True
        answer = self.partner.refresh(token)
        if not self.is_told("refresh", answer, 200):
            return False
        family.is_refreshing = False
        self.ledger.obtained(family, answer)
        self.acknowledged("refreshed", answer, family)
        if self.partner.is_public and self.random.random() < 0.3:
            # As if the answer had been lost.
            again = self.partner.refresh(token)
            if not self.is_told("repeated refresh", again, 200):
                return False
            self.ledger.succeeded(family, token, again.json["refresh_token"])
        return True

    def end(self, family):
        """By the app, or by the customer on `/my`."""
        family.state = "ending"
        if self.random.random() < 0.5:
            kind, answer, status = "revoked", self.partner.revoke(family.refresh), 200
        else:
            kind, answer, status = "withdrawn", self.customer.withdraw(family.consent), 303
        if not self.is_told(kind, answer, status):
            return False
        family.state = "ended"
        self.acknowledged(kind, answer, family)
        return True

    def acknowledged(self, kind, answer, what):
        """The server gave its word."""
        self.ledger.count(kind)

    def is_told(self, what, answer, status):
        """Whether the answer came and is the one of success. Another one has to be a clear refusal."""
        if answer is None:
            self.ledger.count("unanswered")
            return False
        self.ledger.waited(what, answer.seconds)
        if answer.status == status:
            return True
        self.ledger.refuse(what, answer)
        return False


class Crowd:
    """The workers, of both kinds of app, on threads of their own."""

    def __init__(self, node, ledger, seed, size=8, timeout=30, apps=None, kind=Worker):
        self.apps = apps or make_apps(node)
        self.workers = [
            kind(node, self.apps[index % 2], CUSTOMERS[index % len(CUSTOMERS)], ledger, f"{seed}/{index}", timeout) for index in range(size)]
        self.ledger = ledger
        # One after another: attempts to sign in are counted as failed until the password was looked at.
        for worker in self.workers:
            worker.sign_in()
        # One purse for all of an app's workers.
        self.purse = Purse(node, next(worker for worker in self.workers if not worker.partner.is_public))
        for worker in self.workers:
            if not worker.partner.is_public:
                worker.purse = self.purse

    def run(self, until):
        """Works until `until` returns: what it waits for ends the load, or ends the server under it."""
        each(self.workers, Worker.prepare)
        going = threading.Event()
        going.set()
        threads = [threading.Thread(target=self.work, args=(worker, going), daemon=True) for worker in self.workers]
        for thread in threads:
            thread.start()
        try:
            until()
        finally:
            going.clear()
            for thread in threads:
                thread.join(120)
                self.ledger.expect(not thread.is_alive(), "every request is answered or broken off")

    def work(self, worker, going):
        try:
            while going.is_set() and worker.turn(going.is_set):
                pass
        except Exception as error:
            self.ledger.expect(False, f"a worker met what it cannot explain: {error!r}")


class PatientCrowd(Crowd):
    """Workers who go on through trouble: whoever is refused or cut off comes back a moment later."""

    def work(self, worker, going):
        while going.is_set():
            try:
                if not worker.turn(going.is_set):
                    time.sleep(0.05)
            except Exception as error:
                self.ledger.expect(False, f"a worker met what it cannot explain: {error!r}")
                return


def goes_on(ledger, refreshes):
    """Waits until so many more have been acknowledged."""
    enough = ledger.counts["refreshed"] + refreshes
    deadline = time.monotonic() + 20
    while ledger.counts["refreshed"] < enough:
        assert time.monotonic() < deadline, f"the load does not go on: {dict(ledger.counts)}"
        time.sleep(0.05)


def each(things, action, threads=8):
    """Runs the action for every thing, several at a time; the first error is raised."""
    remaining, errors, lock = list(things), [], threading.Lock()

    def work():
        while True:
            with lock:
                if not remaining or errors:
                    return
                thing = remaining.pop()
            try:
                action(thing)
            except Exception as error:
                with lock:
                    errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(min(threads, max(1, len(remaining))))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]
