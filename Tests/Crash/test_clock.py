"""The wall clock jumps two hours while the server runs; the monotonic clock does not, as with a real correction."""

import shutil
from pathlib import Path

import pytest
from ledger import Ledger
from node import Node
from shared import engines
from sights import Witness, recovers, summary

pytestmark = pytest.mark.skipif(not shutil.which("faketime"), reason="faketime is not installed")


class Clock:
    """The server's wall clock, set by a file that the library reads at each look."""

    def __init__(self, folder):
        self.file = Path(folder) / "clock"
        self.set("+0")

    def set(self, offset):
        draft = self.file.with_suffix(".draft")
        draft.write_text(offset + "\n")
        draft.rename(self.file)

    @staticmethod
    def forget_the_dead():
        """A killed process leaves its shared state under its number, and another that is given the number does not start."""
        for left in Path("/dev/shm").glob("*faketime_s*_*"):
            if not Path("/proc", left.name.rpartition("_")[2]).exists():
                left.unlink(missing_ok=True)

    @property
    def wrapper(self):
        """`faketime` prepares the shared state: done by the library itself it would hide the arguments from the Swift runtime."""
        return ["faketime", "-m", "-f", "+0", "env", "-u", "FAKETIME", f"FAKETIME_TIMESTAMP_FILE={self.file}", "FAKETIME_NO_CACHE=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1"]


@pytest.fixture(params=engines())
def setting(request, tmp_path):
    clock = Clock(tmp_path)
    clock.forget_the_dead()
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
