"""The wall clock jumps two hours while the server runs; the clocks that timers run by do not, as with a real correction."""

import shutil
import subprocess
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ledger import Ledger
from node import Node
from payments import Payments
from shared import engines
from sights import Witness, recovers, summary
from wire import Partner

HOURS = {"+2h": 7200, "-2h": -7200, "+0": 0}


class Clock:
    """The server's wall clock, moved by a file that clock.c reads at each look."""

    def __init__(self, folder):
        self.file, library = Path(folder) / "clock", Path(folder) / "clock.so"
        subprocess.run([shutil.which("clang") or "cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(Path(__file__).with_name("clock.c"))], check=True)
        self.set("+0")
        self.wrapper = ["env", f"LD_PRELOAD={library}", f"WALL_CLOCK={self.file}"]

    def set(self, offset):
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{HOURS[offset]}\n")
        draft.rename(self.file)


@pytest.fixture(params=engines())
def setting(request, tmp_path):
    clock = Clock(tmp_path)
    with Node(request.param, wrapper=clock.wrapper) as node:
        witness = Witness(node, Ledger())
        # A browser session may end while the clock jumps.
        witness.web.customer.password = "sandbox"
        yield clock, witness


def ended_family(witness):
    """One that the customer has withdrawn."""
    family = witness.family(witness.web)
    assert witness.web.customer.withdraw(family.consent).status == 303
    family.state = "ended"
    return family


def renew(witness):
    """What a partner does whose access token is refused."""
    for worker, family in witness.families.items():
        answer = worker.partner.refresh(family.refresh)
        assert answer.status == 200, answer
        witness.ledger.obtained(family, answer)


def test_two_hours_forward(setting):
    clock, witness = setting
    live, ended, code = witness.families[witness.web], ended_family(witness), witness.waiting_family(witness.web)

    clock.set("+2h")

    expired = witness.web.partner.get("/v1/accounts", live.access)
    late = witness.exchange(code)
    print("  API with the token of before", summary(expired), "| code of before", summary(late))
    assert expired.status == 401 and "invalid_token" in expired.headers["WWW-Authenticate"]
    assert late.says == "invalid_grant"
    code.state = "ended"
    assert witness.web.partner.introspect(live.access).json == {"active": False}
    # Nobody has to approve again.
    renew(witness)
    assert witness.web.partner.refresh(ended.refresh).says == "invalid_grant"
    again = witness.family(witness.web)
    assert witness.web.partner.get("/v1/accounts", again.access).status == 200
    witness.see()
    witness.ledger.ask()


def test_two_hours_back(setting):
    clock, witness = setting
    live, ended, code = witness.families[witness.web], ended_family(witness), witness.waiting_family(witness.web)

    clock.set("-2h")

    early = witness.web.partner.get("/v1/accounts", live.access)
    exchange = witness.exchange(code)
    print("  API with a token of the future", summary(early), "| code of the future", summary(exchange))
    seen = witness.see()
    assert all(answer.status < 500 for answer in seen.values())
    assert early.status == 401 and "invalid_token" in early.headers["WWW-Authenticate"]
    assert exchange.status == 200
    renew(witness)
    # What was ended stays ended, though its end lies in the future now.
    witness.ledger.check_ended(ended)
    witness.ledger.replay(code)
    again = witness.family(witness.web)
    assert witness.web.partner.get("/v1/accounts", again.access).status == 200
    witness.ledger.ask()


def test_there_and_back(setting):
    """What expired meanwhile is not alive again because it was forgotten."""
    clock, witness = setting
    ended = ended_family(witness)
    denied = witness.family(witness.web)
    assert witness.web.partner.revoke(denied.access).status == 200
    spent = witness.family(witness.web)

    clock.set("+2h")
    assert recovers(witness.web.partner.own_token)
    # A start purges what has expired.
    witness.node.kill()
    witness.node.start()
    clock.set("+0")

    witness.ledger.check_ended(ended)
    answer = witness.web.partner.get("/v1/accounts", denied.access)
    print("  API with a token that was revoked before", summary(answer))
    assert answer.status == 401
    assert witness.web.partner.introspect(denied.access).json == {"active": False}
    witness.ledger.replay(spent)
    denied.state = "apart"
    witness.ledger.ask()


def test_an_end_of_the_clock_ahead_hides_none_of_after(setting):
    """A node that starts knows of each grant that ended while a token of it may live, in whatever order the clock stamped them."""
    clock, witness = setting
    partner = witness.web.partner
    ahead, ended = witness.family(witness.web), witness.family(witness.web)

    clock.set("+2h")
    assert partner.revoke(ahead.refresh).status == 200
    clock.set("+0")
    assert partner.revoke(ended.refresh).status == 200
    ahead.state = ended.state = "ended"
    witness.node.kill()
    witness.node.start()

    # The first call reads, and has memory loaded, which answers soon.
    answers = [partner.get("/v1/accounts", ended.access) for _ in range(200)]
    print("  API with a token whose grant ended before", summary(answers[0]), "|", summary(answers[-1]))
    assert {answer.status for answer in answers} == {401}
    witness.ledger.ask()


def paid(witness, payment):
    """Made with a token of now, and written down."""
    payment.token = witness.web.partner.refresh(payment.approval.refresh_token).json["access_token"]
    answer = witness.pay(payment)
    assert answer.status == 201, answer
    return answer


@pytest.mark.parametrize("jump", ["+2h", "-2h"])
def test_payments_on_both_sides(setting, jump):
    """What was made before is there once and is settled, what was approved before is made after it."""
    clock, witness = setting
    earlier, later = witness.web.purse.next(), witness.web.purse.next()
    first = paid(witness, earlier)

    clock.set(jump)

    print("  payment of before", summary(first), "| of after", summary(paid(witness, later)))
    Payments(witness.ledger).ask_all()
    assert not witness.ledger.broken, witness.ledger.broken
    assert witness.ledger.counts["payments settled"] + witness.ledger.counts["payments held"] == 2


def test_a_days_quota_on_both_sides(setting):
    """A thousand calls are a thousand, wherever within the day the clock jumps."""
    clock, witness = setting
    partner = Partner(witness.node, witness.node.create_app(
        "Clock", "--plan", "free", "--auth-method", "client_secret_basic", "--grant-types", "client_credentials", "--scopes", "consents.write"))
    # The same day in UTC, on which the quota hangs.
    there = "-2h" if datetime.now(timezone.utc).hour >= 2 else "+2h"
    answers = Counter()

    for offset, calls in ((None, 400), (there, 400), ("+0", 300)):
        if offset:
            clock.set(offset)
        token = partner.own_token().json["access_token"]
        answers.update(partner.get("/v1/consents", token).status for _ in range(calls))

    print("  answers", dict(answers))
    assert answers == {200: 1000, 429: 100}
