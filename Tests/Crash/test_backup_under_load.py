"""A backup beside the whole load, payments too: what was acknowledged before it is in it, and nothing that was spent or ended lives again."""

import time

import pytest
from ledger import Ledger
from load import Crowd, each
from node import Node
from payments import Payments
from rows import Rows, literal
from shared import engines


class Told:
    """What partners and customers had been told by a moment."""

    def __init__(self, ledger):
        self.payments = [payment.id for payment in list(ledger.payments) if payment.id]
        self.lodged = [lodging.consent for lodging in list(ledger.lodgings) if lodging.consent]
        self.consents = [family.consent for family in list(ledger.families) if family.access]

    def __len__(self):
        return len(self.payments) + len(self.lodged) + len(self.consents)


def missing(rows, table, ids):
    """Those of which there is not one row."""
    found = [row["id"] for row in rows.select(f"SELECT id FROM {table} WHERE id IN ({', '.join(map(literal, ids))})")]
    return sorted(set(ids) - set(found)) + sorted(one for one in found if found.count(one) > 1)


def wait(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the load does not go on"
        time.sleep(0.02)


@pytest.mark.parametrize("engine", engines())
def test_a_backup_under_load_brings_back_what_was_acknowledged_and_nothing_that_was_spent(engine, tmp_path):
    file, ledger, told = tmp_path / "nightly.backup", Ledger(), []
    with Node(engine) as node:
        crowd = Crowd(node, ledger, "backup")
        crowd.purse.fill(2000)

        def back_up():
            wait(lambda: all(ledger.counts[kind] > 10 for kind in ("paid", "exchanged", "lodged")))
            told.append(Told(ledger))
            status, _, complaint = node.command("backup", str(file))
            assert status == 0, complaint
            told.append(Told(ledger))
            wait(lambda: len(Told(ledger)) > len(told[1]) + 30)

        crowd.run(back_up)
        assert not ledger.broken and not ledger.refusals and ledger.counts["unanswered"] == 0
        node.process.terminate()
        assert node.process.wait(25) == 0
        status, _, complaint = node.command("restore", "--replace", str(file))
        assert status == 0, complaint
        node.start()
        # Its developers look at their apps; the sooner something works, the more could come back to life.
        assert node.command("apps", "confirm", "--all")[0] == 0

        rows = Rows(node.database)
        assert missing(rows, "payment", told[0].payments) == []
        assert missing(rows, "consent", told[0].lodged + told[0].consents) == []
        each(ledger.families, lambda family: check_ended(ledger, family))
        each([payment for payment in ledger.payments if payment.token], lambda payment: check_unpaid(ledger, payment))
        assert rows.select("SELECT id FROM consent WHERE status IN ('authorised', 'awaiting_authorisation')") == []
        wait(lambda: rows.select("SELECT id FROM payment WHERE status IN ('received', 'accepted')") == [])
        Payments(ledger).look_into(rows)
        kept = rows.select("SELECT status FROM payment")
    print(f"  {len(told[0])} acknowledged before the backup, {len(told[1])} by its end, {len(Told(ledger))} altogether; {len(kept)} payments in it")
    assert not ledger.broken, ledger.broken[:10]


def check_ended(ledger, family):
    """Neither its code nor its tokens do anything."""
    if family.code:
        answer = family.partner.exchange(family.code, family.question.verifier)
        ledger.expect(answer.says == "invalid_grant", "no code of before works", answer)
    if family.refresh:
        ledger.check_ended(family)


def check_unpaid(ledger, payment):
    """Money moves once: whether the copy has the payment or not, it is not made again."""
    answer = payment.partner.pay(payment)
    ledger.expect(answer.status == 401, "no payment is made with a token of before", answer)
    answer = payment.partner.refresh(payment.approval.refresh_token)
    ledger.expect(answer.says == "invalid_grant", "no approval of before works", answer)
