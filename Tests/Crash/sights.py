"""What partners, customers and operators see at one moment, one request of each kind."""

import html
import re
import time

import requests
from ledger import Family
from load import Crowd
from wire import code_of, perform

HTML = {"Accept": "text/html,application/xhtml+xml"}


class Witness:
    """A partner and a customer with something at stake before the trouble begins."""

    def __init__(self, node, ledger, timeout=30):
        self.node, self.ledger, self.timeout = node, ledger, timeout
        self.crowd = Crowd(node, ledger, "witness", size=2, timeout=timeout)
        self.web, self.phone = self.crowd.workers
        self.families = {worker: self.family(worker) for worker in self.crowd.workers}

    def family(self, worker):
        """A finished authorization."""
        question = worker.customer.question(worker.partner)
        family = Family(worker.partner, question)
        assert worker.approve(family) and worker.exchange(family)
        self.ledger.add(family)
        return family

    def waiting_family(self, worker):
        """One whose code is not yet spent."""
        family = Family(worker.partner, worker.customer.question(worker.partner))
        assert worker.approve(family)
        self.ledger.add(family)
        return family

    def waiting_question(self, worker):
        """One whose consent page is open."""
        family = Family(worker.partner, worker.customer.question(worker.partner))
        self.ledger.add(family)
        return family

    def rotate(self):
        """The public app's refresh, the smallest write there is: its next token."""
        family = self.families[self.phone]
        family.is_refreshing = True
        answer = self.phone.partner.refresh(family.refresh)
        if answer is not None and answer.status == 200:
            family.is_refreshing = False
            self.ledger.obtained(family, answer)
        return answer

    def look(self, name, address=None, headers=None):
        return perform(requests.Session(), "GET", (address or self.node.address) + name, self.timeout, headers=headers)

    def see(self, say=print, only=None):
        """Asks for everything, or for some of it, one after the other.
        - Returns: the answers by what was asked."""
        web = self.families[self.web]
        operations = f"http://127.0.0.1:{self.node.ops_port}"
        asked = {
            "token (client credentials)": lambda: self.web.partner.own_token(),
            "token (refresh)": lambda: self.web.partner.refresh(web.refresh),
            "introspection": lambda: self.web.partner.introspect(web.access),
            "API": lambda: self.web.partner.get("/v1/accounts", web.access),
            "page /my": lambda: perform(self.web.customer.browser, "GET", self.node.address + "/my", self.timeout, headers=HTML),
            "page / (portal)": lambda: self.look("/", headers=HTML),
            "discovery": lambda: self.look("/.well-known/openid-configuration"),
            "/healthz": lambda: self.look("/healthz", operations),
            "/readyz": lambda: self.look("/readyz", operations),
        }
        seen = {}
        for what, ask in asked.items():
            if only and what not in only:
                continue
            began = time.monotonic()
            answer = seen[what] = ask()
            say(f"  {what:28} {time.monotonic() - began:5.2f} s  {summary(answer)}")
        return seen

    def exchange(self, family):
        """Trades a waiting code, and writes down what became of it."""
        family.state = "exchanging"
        answer = family.partner.exchange(family.code, family.question.verifier)
        if answer is not None and answer.status == 200:
            self.ledger.obtained(family, answer)
        return answer

    def waiting_payment(self):
        """One that was approved, with its token."""
        payment = self.web.purse.next()
        payment.token = self.web.partner.refresh(payment.approval.refresh_token).json["access_token"]
        return payment

    def pay(self, payment):
        """Makes it, and writes down what became of it."""
        if payment not in self.ledger.payments:
            self.ledger.pay(payment)
        answer = self.web.partner.pay(payment)
        if answer is not None and answer.status == 201:
            payment.id = answer.json["id"]
        return answer

    def approve(self, family):
        answer = family.question.approve()
        if answer is not None and code_of(answer):
            family.code, family.state = code_of(answer), "code"
        return answer


def summary(answer):
    if answer is None:
        return "no answer"
    wait = f", Retry-After {answer.headers['Retry-After']}" if "Retry-After" in answer.headers else ""
    says = answer.says
    if not says and "text/html" in answer.headers.get("Content-Type", ""):
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.S)
        says = "“" + html.unescape(re.sub(r"<[^>]+>", "", heading[1])).strip() + "”" if heading else ""
    return f"{answer.status}{wait} {says or answer.text[:40].strip()}"


def is_unavailable(answer):
    return answer is not None and answer.status == 503 and answer.headers.get("Retry-After", "").isdigit()


def recovers(ask, within=15):
    """Waits until the answer is 200; nobody but time helps."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None and answer.status == 200:
            return True
        time.sleep(0.1)
    return False
