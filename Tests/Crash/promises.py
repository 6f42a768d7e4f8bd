"""What each acknowledgement promises, as a row of the database, and a load under strace that notes it."""

import base64
import hashlib
import re
import time
from collections import Counter

import kernel
from kills import KINDS
from ledger import Ledger
from load import Crowd, Worker
from rows import literal
from shared import eventually

# A power cut may come long after the answer: each asks for what its answer promised, or for what only that can have become since.
# Whoever approved may have withdrawn since; an approval that was lost has neither a code nor a grant, whatever became of its consent.
CODE = """
    SELECT 1 FROM answered_authorization AS answered
    JOIN token_grant ON token_grant.id = answered.grant_id
    JOIN consent ON consent.id = token_grant.consent_id
    WHERE answered.id = ? AND answered.code_digest = ? AND consent.status IN ('authorised', 'revoked')
    """
SPENT = "SELECT 1 FROM answered_authorization WHERE id = ? AND code_digest = ? AND consumed_at IS NOT NULL"
GENERATION = "SELECT 1 FROM token_grant WHERE id = ? AND generation >= ?"
REVOKED = "SELECT 1 FROM token_grant WHERE id = ? AND revoked_at IS NOT NULL"
WITHDRAWN = "SELECT 1 FROM consent WHERE id = ? AND status = 'revoked'"
LODGED = "SELECT 1 FROM consent WHERE id = ?"
PAID = """
    SELECT 1 FROM payment
    JOIN idempotency_key ON idempotency_key.app_id = payment.app_id AND idempotency_key.key = payment.idempotency_key
    JOIN hold ON hold.id = payment.hold_id
    JOIN consent ON consent.id = payment.consent_id
    WHERE payment.id = ? AND payment.status <> 'received' AND idempotency_key.status = 201 AND consent.status = 'consumed'
    """
_request = re.compile(rb"\r\nX-Request-Id: ([A-Za-z0-9_]+)\r\n", re.I)


class Promise:
    """What one answer acknowledged, as a row that has to be on the disk before the answer leaves."""

    def __init__(self, kind, request_id, sql, *values):
        self.kind, self.request_id, self.sql, self.values = kind, request_id, sql, values

    def __str__(self):
        return f"{self.kind} {self.request_id}"

    @property
    def written_out(self):
        """The question with its values in it, for who takes text only."""
        first, *others = self.sql.split("?")
        return first + "".join(literal(value) + rest for value, rest in zip(self.values, others, strict=True))


class NotingWorker(Worker):
    """Notes, for each acknowledgement, the row that it promises."""

    promises = []

    def acknowledged(self, kind, answer, what):
        super().acknowledged(kind, answer, what)
        if promised := self.row(kind, what):
            self.promises.append(Promise(kind, answer.headers["X-Request-Id"], *promised))

    def row(self, kind, what):
        match kind:
            case "approved": return CODE, *named(what.code)
            case "exchanged": return SPENT, *named(what.code)
            # A refresh of a confidential app changes nothing.
            case "refreshed" if self.partner.is_public: return GENERATION, *parts(what.refresh)
            case "revoked": return REVOKED, parts(what.refresh)[0]
            case "withdrawn": return WITHDRAWN, what.consent
            case "lodged": return LODGED, what.consent
            case "paid": return PAID, what.id


def digest(secret):
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).rstrip(b"=").decode()


def named(code):
    """A code names its authorization, and is kept as a digest."""
    return re.match(r"wkz_ac_([a-z]+_[A-Za-z0-9]+)_", code)[1], digest(code)


def parts(token):
    """A refresh token names its grant and its generation (docs/decisions/0003-refresh-tokens.md)."""
    found = re.match(r"wkz_rt_([a-z]+_[A-Za-z0-9]+)_(\d+)_", token)
    return found[1], int(found[2])


class Load:
    """Partners and customers at one node, which runs under strace while they work."""

    def __init__(self, node, seed="syncs"):
        self.node, self.ledger = node, Ledger()
        self.crowd = Crowd(node, self.ledger, seed, kind=type("Workers", (NotingWorker,), {"promises": []}))

    def prepare(self, seconds):
        """Whatever is written beside the server is missing from its trace, so it is written before."""
        self.crowd.purse.fill(200 * seconds)

    def run(self, log, calls, seconds):
        """Traces the node, which is stopped before and killed behind it.
        - Returns: its calls, and what it promised meanwhile."""
        before = len(self.promises)
        self.node.wrapper = kernel.command(log, calls)
        self.node.start()
        self.crowd.run(lambda: self.wait(seconds, before))
        self.node.kill()
        assert not self.ledger.broken, self.ledger.broken[:5]
        calls = list(kernel.read(log))
        log.unlink()
        return calls, self.promises[before:]

    def wait(self, seconds, before):
        """So long, and until something of each kind was acknowledged."""
        time.sleep(seconds)
        eventually(lambda: {promise.kind for promise in self.promises[before:]} == set(KINDS))

    @property
    def promises(self):
        return self.crowd.workers[0].promises


def departures(calls, promises):
    """When each acknowledgement began to leave.
    - Returns: moments with their promises, in order, and the promises whose answer the trace does not show."""
    unseen = {promise.request_id.encode(): promise for promise in promises}
    left = []
    for call in calls:
        if call.file.startswith("socket:"):
            # Several answers may leave together.
            left += [(call.began, unseen.pop(request_id)) for request_id in _request.findall(call.data) if request_id in unseen]
    return sorted(left, key=lambda departure: departure[0]), list(unseen.values())


class Verdict:
    """What power cuts left of the promises."""

    def __init__(self, unseen=()):
        self.kept, self.broken, self.unseen, self.syncs, self.cuts = 0, [], unseen, 0, 0
        self.kinds = Counter()
        """How many acknowledgements of each kind the power was cut at."""

    def cut_at(self, *promises):
        """One cut, the moment these began to leave."""
        self.cuts += 1
        self.kinds.update(promise.kind for promise in promises)
