"""No acknowledgement leaves before the sync that covers it: shown from what the server asked of the kernel, on SQLite."""

import base64
import hashlib
import re
import shutil
import subprocess
import time
from pathlib import Path

import kernel
import power
from ledger import Ledger
from load import Crowd, Worker
from node import Node
from wire import code_of

CODE = """
    SELECT 1 FROM answered_authorization AS answered
    JOIN token_grant ON token_grant.id = answered.grant_id
    JOIN consent ON consent.id = token_grant.consent_id
    WHERE answered.id = ? AND answered.code_digest = ? AND consent.status = 'authorised'
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


class NotingWorker(Worker):
    """Notes, for each acknowledgement, the row that it promises."""

    promises = []

    def acknowledged(self, kind, answer, what):
        super().acknowledged(kind, answer, what)
        if promised := self.row(kind, what):
            self.promises.append(power.Promise(kind, answer.headers["X-Request-Id"], *promised))

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


def record(folder, seconds, seed="syncs"):
    """Load under strace.
    - Returns: the database's path, the calls, and the promises of the load."""
    log = Path(folder) / "strace.log"
    with Node("sqlite") as node:
        workers = type("Workers", (NotingWorker,), {"promises": []})
        ledger = Ledger()
        crowd = Crowd(node, ledger, seed, kind=workers)
        # Whatever is written beside the server is missing from its trace.
        crowd.purse.fill(200 * seconds)
        stop(node)
        database = Path(node.database.removeprefix("sqlite:"))
        before = Path(folder) / database.name
        for suffix in ("", "-wal"):
            if Path(f"{database}{suffix}").exists():
                shutil.copyfile(f"{database}{suffix}", f"{before}{suffix}")
        node.wrapper = kernel.command(log)
        node.start()
        crowd.run(lambda: time.sleep(seconds))
        node.kill()
        calls = [move(call, database, before) for call in kernel.read(log)]
        log.unlink()
        assert not ledger.broken, ledger.broken[:5]
        return before, calls, workers.promises


def move(call, database, copy):
    """The trace names the server's files; the play uses copies of them."""
    call.file = call.file.replace(str(database), str(copy), 1)
    return call


def stop(node):
    node.process.terminate()
    assert node.process.wait(25) == 0


# MARK: How many share a sync

# A public app's refresh makes the next token, so each answer brings what a later request sends.
LUA = """
local waiting = {{{tokens}}}
request = function()
    local token = table.remove(waiting)
    return wrk.format("POST", "/oauth2/token", {{["Content-Type"] = "application/x-www-form-urlencoded"}},
        "grant_type=refresh_token&client_id={client}&refresh_token=" .. token)
end
response = function(status, headers, body)
    table.insert(waiting, body:match('"refresh_token":"([^"]+)"'))
end
"""


def group(folder, seconds=5, width=64):
    """`width` refreshes at a time, each a write of its own, with only the syncs traced.
    - Returns: how many refreshes were answered, and how many syncs it took."""
    log, script = Path(folder) / "strace-syncs.log", Path(folder) / "refresh.lua"
    with Node("sqlite") as node:
        crowd = Crowd(node, Ledger(), "group", size=2)
        worker = next(worker for worker in crowd.workers if worker.partner.is_public)
        tokens = []
        # wrk asks for one request that it does not send.
        for _ in range(width + 1):
            question = worker.customer.question(worker.partner)
            tokens.append(worker.partner.exchange(code_of(question.approve()), question.verifier).json["refresh_token"])
        script.write_text(LUA.format(tokens=", ".join(f'"{token}"' for token in tokens), client=worker.partner.app["client_id"]))
        stop(node)
        node.wrapper = kernel.command(log, "fdatasync,fsync")
        node.start()
        began = time.time()
        said = subprocess.run(
            ["wrk", "-t", "1", "-c", str(width), "-d", str(seconds), "-s", str(script), node.address], check=True, capture_output=True, text=True).stdout
        ended = time.time()
        node.kill()
        assert "Non-2xx" not in said, said
        syncs = [call for call in kernel.read(log) if call.file.endswith("-wal") and began <= call.ended <= ended]
        return int(re.search(r"(\d+) requests in", said)[1]), len(syncs)
