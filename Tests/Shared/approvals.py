"""Payment consents that their customer approved, by the hundred: copies of one that was approved on the pages, written beside the running server.

Each pays from an account of its own kind of few: the risk rules count what an account pays in an hour. The accounts are opened with an entry, so that the
books stay right. An approval is used by its refresh token, which follows from its grant (docs/decisions/0003-refresh-tokens.md)."""

import random
import string
import time
from dataclasses import dataclass

from credentials import RefreshTokens
from rows import Rows, literal

# The rules look up at the tenth payment within an hour.
PER_ACCOUNT = 8
OPENING = 1_000_00
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass
class Approval:
    consent: str
    refresh_token: str
    account: str
    creditor: str
    """The account number that is paid."""


class Approvals:
    def __init__(self, database, folder, consent, client_id):
        """`consent` is the one that was approved on the pages, of the app with this client id."""
        self.rows, self.client_id = Rows(database), client_id
        self.tokens = RefreshTokens(folder, self.rows)
        one = lambda statement: self.rows.select(statement)[0]
        self.consent = one(f"SELECT * FROM consent WHERE id = '{consent}'")
        self.grant = one(f"SELECT * FROM token_grant WHERE consent_id = '{consent}'")
        self.events = self.rows.select(f"SELECT * FROM consent_event WHERE consent_id = '{consent}' ORDER BY id")
        self.account = one(f"SELECT account.* FROM account JOIN consent_account ON account_id = account.id WHERE consent_id = '{consent}'")
        self.holders = self.rows.select(f"SELECT * FROM account_holder WHERE account_id = '{self.account['id']}'")
        self.clearing = one(
            f"SELECT id FROM account WHERE owner = 'bank' AND world = '{self.account['world']}' AND number = 'clearing-{self.account['currency']}'")["id"]

    def make(self, count, inside=0.5, per_account=PER_ACCOUNT):
        """- inside: which part of them pays an account of this bank, and is settled at once."""
        accounts = [(identifier("acc_"), "".join(random.choices(string.digits, k=13))) for _ in range(-(-count // per_account) + 1)]
        made = []
        for index in range(count):
            place = index // per_account
            # Not the next one: two payments that follow each other would wait for each other's account, as nobody's do.
            other = (place + random.randrange(1, len(accounts))) % len(accounts)
            creditor = accounts[other][1] if random.random() < inside else self.consent["creditor_account"]
            made.append((identifier("cns_"), identifier("grt_"), accounts[place][0], creditor))
        self.rows.execute(*self.openings(accounts), *self.copies(made))
        return [Approval(consent, self.tokens.token(grant, 1, self.client_id), account, creditor) for consent, grant, account, creditor in made]

    def openings(self, accounts):
        now = int(time.time())
        entries = [(identifier("ent_"), account) for account, _ in accounts]
        lines = {"entry_id": None, "currency": self.account["currency"], "booked_at": now, "value_at": now, "description": "Opening", "category": "other",
                 "channel": "bank"}
        yield from inserted("account", [
            {**self.account, "id": account, "number": number, "overdraft_limit": 0, "booked": OPENING, "held": 0, "sequence": 1}
            for account, number in accounts])
        yield from inserted("account_holder", [{**holder, "account_id": account} for account, _ in accounts for holder in self.holders])
        yield from inserted("journal_entry", [
            {"id": entry, "world": self.account["world"], "kind": "opening", "booked_at": now} for entry, _ in entries])
        yield from inserted("posting", [
            {**lines, "id": identifier("txn_"), "entry_id": entry, "account_id": where, "amount": amount, "sequence": sequence, "balance_after": after}
            for entry, account in entries for where, amount, sequence, after in ((account, OPENING, 1, OPENING), (self.clearing, -OPENING, 0, None))])

    def copies(self, made):
        yield from inserted("consent", [
            {**self.consent, "id": consent, "grant_id": grant, "creditor_account": creditor} for consent, grant, _, creditor in made])
        yield from inserted("consent_account", [{"consent_id": consent, "account_id": account} for consent, _, account, _ in made])
        yield from inserted("consent_event", [
            {name: value for name, value in {**event, "consent_id": consent}.items() if name != "id"} for consent, *_ in made for event in self.events])
        yield from inserted("token_grant", [{**self.grant, "id": grant, "consent_id": consent} for consent, grant, *_ in made])


def identifier(prefix):
    """Of the time, then of chance, as the server makes them."""
    moment = int(time.time() * 1000)
    return prefix + "".join(LETTERS[moment >> 5 * place & 31] for place in reversed(range(9))) + "".join(random.choices(LETTERS, k=16))


def inserted(table, rows):
    """Statements of 200 rows each."""
    for start in range(0, len(rows), 200):
        some = rows[start:start + 200]
        values = ", ".join("(" + ", ".join(map(literal, row.values())) + ")" for row in some)
        yield f"INSERT INTO {table} ({', '.join(some[0])}) VALUES {values}"
