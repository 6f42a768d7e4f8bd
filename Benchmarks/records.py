"""A million decision records like those that the product wrote for a handful of calls."""

import random
import time
from collections import Counter, defaultdict

import requests

from tables import like
from world import World

DAY = 86_400_000
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
# Of a hundred thousand calls, how many end so. Ten failures in a million: who looks for them, looks far.
SHARES = {"allowed": 95_000, "refused": 4_999, "failed": 1}
BUSY = 0.9


# As a pack holds records (Sources/Metering/Records/DecisionFields.swift).
FIELDS = (
    "request_id received_ms duration_us organisation_id app_id client_id consent_id person_id account_id method path operation status outcome rule expected got "
    "checks cost records client_address problem").split()
BETWEEN_RECORDS, BETWEEN_FIELDS, NONE, EMPTY = "\x1e", "\x1f", "\x10n", "\x10e"


def unpacked(text):
    """What is left out is as it was in the record before. Marks within a text stay: the samples have none."""
    known = dict.fromkeys(FIELDS)
    for record in text.split(BETWEEN_RECORDS):
        for name, value in zip(FIELDS, record.split(BETWEEN_FIELDS), strict=True):
            if name == "checks" and "\n" in value:
                before = (known[name] or "").split("\n")
                value = "\n".join(line or before[index] for index, line in enumerate(value.split("\n")))
            if value:
                known[name] = {NONE: None, EMPTY: ""}.get(value, value)
        yield dict(known)


def packed(record):
    return BETWEEN_FIELDS.join("" if value is None else value or EMPTY for value in record.values())


class Records:
    def __init__(self, count):
        self.count, self.days = count, 28
        self.chance = random.Random(count)

    def sampled(self, product):
        """Every kind of call by apps of the demo's organisation, one of them live with a bank that does not answer, and by apps of others."""
        self.busy = World(product, "sandbox", "--organisation", "acme-budget", apps=6)
        live = World(product, "live", "--organisation", "acme-budget", apps=1)
        for world in (self.busy, live, World(product, apps=3)):
            self.call(product, world)
        self.apps = self.busy.apps + live.apps

    def call(self, product, world):
        self.began = int(time.time() * 1000)
        for app in world.apps:
            customers = self.token(product, app, grant_type="refresh_token", refresh_token=app.refresh_token)
            apps = self.token(product, app, grant_type="client_credentials", scope="consents.write")
            foreign = next(account for customer in world.customers for account in customer.accounts if account != app.account)
            for access_token, path in [
                (customers, "/v1/accounts"), (customers, f"/v1/accounts/{app.account}/balance"), (customers, f"/v1/accounts/{app.account}"),
                (customers, f"/v1/accounts/{app.account}/transactions"), (customers, f"/v1/accounts/{foreign}/balance"), (apps, "/v1/accounts"),
            ]:
                requests.get(product.address + path, headers={"Authorization": f"Bearer {access_token}"})

    def token(self, product, app, **fields):
        return requests.post(f"{product.address}/oauth2/token", data=fields, headers={"Authorization": app.basic}).json()["access_token"]

    def fill(self, product):
        tables = product.database.tables()
        packs = tables.rows("SELECT records FROM decision_pack")
        samples = [sample for pack in packs for sample in unpacked(pack["records"]) if sample["organisation_id"]]
        drawn = self.drawn(samples)
        moments = sorted(self.began - self.chance.randrange(self.days * DAY) for _ in drawn)
        # In the order in which they would have come.
        self.calls = [(moment, self.request_id(moment), samples[index]) for moment, index in zip(moments, drawn)]
        received = defaultdict(list)
        for (moment, request_id, _), index in zip(self.calls, drawn):
            received[index].append((moment, request_id))
        writers = {}
        for index, mine in received.items():
            columns, writers[index] = self.packs_like(samples[index], mine)
        with tables.without_indexes(["decision_pack"]):
            tables.insert("decision_pack", columns, (next(writers[index]) for index in drawn))
        self.shelve(tables)
        self.count_days(tables)
        self.places(tables)
        tables.close()
        del self.calls

    def packs_like(self, sample, calls):
        """A call in some seconds has a row of its own."""
        moments, ids = zip(*calls)
        row = {"request_id": sample["request_id"], "least_id": sample["request_id"], "received_ms": None, "records": packed(sample)}
        times = "{1}{0}{2}{0}".format(BETWEEN_FIELDS, sample["received_ms"], sample["duration_us"])
        return like(
            row, {sample["request_id"]: ids, times: ["{1}{0}{2}{0}".format(BETWEEN_FIELDS, moment, self.chance.randrange(200, 20_000)) for moment in moments]},
            received_ms=moments)

    def shelve(self, tables):
        """What the product does some seconds after it has written a record, and does with its own."""
        for shelf, owner, part in [("developer_shelf", "organisation_id", "app_id"), ("customer_shelf", "person_id", "consent_id")]:
            rows = [
                (sample[owner], sample[part], sample["outcome"], moment, request_id)
                for moment, request_id, sample in self.calls if sample[owner] and sample[part]]
            tables.insert(shelf, [owner, part, "outcome", "received_ms", "request_id"], sorted(rows))

    def count_days(self, tables):
        """The counts that the product keeps as it shelves; those of today it has begun itself."""
        today = self.began - self.began % DAY
        counts = defaultdict(Counter)
        for moment, _, sample in self.calls:
            if moment < today:
                counts[sample["organisation_id"], moment // DAY, sample["app_id"]].update({sample["outcome"]: 1, "cost": int(sample["cost"])})
        kinds = ["allowed", "refused", "failed", "cost"]
        tables.insert(
            "usage_day", ["organisation_id", "day", "app_id", *kinds], ([*key, *(counted[kind] for kind in kinds)] for key, counted in sorted(counts.items())))

    def request_id(self, moment):
        """As the product makes them: in the order of time."""
        digits = [DIGITS[moment >> 5 * place & 31] for place in reversed(range(9))]
        return "req_" + "".join(digits + self.chance.choices(DIGITS, k=16))

    def drawn(self, samples):
        """Which sample each record is like."""
        weights = []
        kinds = Counter((self.is_busy(sample), sample["outcome"]) for sample in samples)
        for sample in samples:
            share = SHARES[sample["outcome"]] * (BUSY if self.is_busy(sample) else 1 - BUSY)
            weights.append(share / kinds[self.is_busy(sample), sample["outcome"]])
        return self.chance.choices(range(len(samples)), weights, k=self.count)

    def is_busy(self, sample):
        return sample["organisation_id"] == "org_demo"

    def places(self, tables):
        """Identifiers that the pages' addresses need."""
        self.app = tables.rows(f"SELECT id FROM app WHERE client_id = '{self.apps[0].client_id}'")[0]["id"]
        self.consent = tables.rows(f"SELECT id FROM consent WHERE app_id = '{self.app}'")[0]["id"]
        self.person = tables.rows("SELECT id FROM person WHERE sign_in_name = 'amina.traveler'")[0]["id"]
        busy = [call for call in self.calls if self.is_busy(call[2])]
        self.busy_count = len(busy)
        self.deep = self.place(busy, self.busy_count // 2)
        self.customers_deep = self.place([call for call in self.calls if call[2]["person_id"] == self.person], self.busy_count // 20)
        self.refused = next(request_id for _, request_id, sample in reversed(busy) if sample["outcome"] == "refused")

    def place(self, calls, offset):
        """Where a page far behind the first begins."""
        moment, request_id, _ = calls[-1 - offset]
        return f"{moment}.{request_id}"

    def developer_pages(self):
        app = f"/portal/apps/{self.app}"
        return {
            "overview": "/portal", "apps": "/portal/apps", "app": app, "app's secret": f"{app}/secret", "app's samples": f"{app}/samples",
            "app's payments": f"{app}/payments", "app's certificates": f"{app}/certificates", "app's security": f"{app}/security", "app's form": f"{app}/edit",
            "app's requests": f"{app}/requests", "app's requests, refused": f"{app}/requests?outcome=refused",
            "app's requests, failed": f"{app}/requests?outcome=failed",
            "requests": "/portal/requests", "requests, refused": "/portal/requests?outcome=refused", "requests, failed": "/portal/requests?outcome=failed",
            "requests of one app": f"/portal/requests?app={self.app}", "requests, half-way down": f"/portal/requests?before={self.deep}",
            "requests, refused, half-way down": f"/portal/requests?outcome=refused&before={self.deep}",
            "one request": f"/r/{self.refused}", "usage": "/portal/usage", "customers": "/portal/customers", "team": "/portal/team", "settings": "/portal/settings",
            "registration by software": "/portal/registration",
        }

    def customer_pages(self):
        return {
            "/my": "/my", "/my/looks": "/my/looks", "/my/looks, far down": f"/my/looks?before={self.customers_deep}", "receipt of a consent": f"/my/consents/{self.consent}",
            "/my/payments": "/my/payments", "/my/security": "/my/security",
        }
