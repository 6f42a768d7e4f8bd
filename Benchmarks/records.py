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
        samples = tables.rows("SELECT * FROM decision_record WHERE organisation_id IS NOT NULL")
        drawn = self.drawn(samples)
        now = self.began
        moments = sorted(now - self.chance.randrange(self.days * DAY) for _ in drawn)
        received = defaultdict(list)
        for moment, index in zip(moments, drawn):
            received[index].append(moment)
        writers = {}
        for index, mine in received.items():
            columns, writers[index] = like(
                samples[index], {samples[index]["request_id"]: [self.request_id(moment) for moment in mine]}, received_ms=mine,
                duration_us=[self.chance.randrange(200, 20_000) for _ in mine])
        with tables.without_indexes(["decision_record"]):
            # In the order in which they would have come.
            tables.insert("decision_record", columns, (next(writers[index]) for index in drawn))
        self.shelve(tables)
        self.count_days(tables, now)
        self.places(tables)
        tables.close()

    def shelve(self, tables):
        """What the product does some seconds after it has written a record, and does with its own."""
        for shelf, owner, part in [("developer_shelf", "organisation_id", "app_id"), ("customer_shelf", "person_id", "consent_id")]:
            columns = f"{owner}, {part}, outcome, received_ms, request_id"
            tables.execute(
                f"""INSERT INTO {shelf} ({columns})
                    SELECT {columns} FROM decision_record
                    WHERE {owner} IS NOT NULL AND {part} IS NOT NULL AND received_ms < {self.began}
                    ORDER BY {columns}
                    ON CONFLICT DO NOTHING""")

    def count_days(self, tables, now):
        """The counts that the product keeps as it shelves; those of today it has begun itself."""
        columns = ["organisation_id", "day", "app_id", "allowed", "refused", "failed", "cost"]
        ended = ", ".join(f"COUNT(CASE WHEN outcome = '{outcome}' THEN 1 END) AS {outcome}" for outcome in ("allowed", "refused", "failed"))
        counted = tables.rows(
            f"""SELECT organisation_id, received_ms / {DAY} AS day, app_id, {ended}, CAST(SUM(cost) AS BIGINT) AS cost
                FROM decision_record
                WHERE organisation_id IS NOT NULL AND received_ms < {now - now % DAY}
                GROUP BY organisation_id, received_ms / {DAY}, app_id""")
        tables.insert("usage_day", columns, ([row[column] for column in columns] for row in counted))

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
        self.busy_count = tables.rows("SELECT COUNT(*) AS count FROM decision_record WHERE organisation_id = 'org_demo'")[0]["count"]
        self.app = tables.rows(f"SELECT id FROM app WHERE client_id = '{self.apps[0].client_id}'")[0]["id"]
        self.consent = tables.rows(f"SELECT id FROM consent WHERE app_id = '{self.app}'")[0]["id"]
        self.person = tables.rows("SELECT id FROM person WHERE sign_in_name = 'amina.traveler'")[0]["id"]
        self.deep = self.place(tables, f"organisation_id = 'org_demo'", self.busy_count // 2)
        self.customers_deep = self.place(tables, f"person_id = '{self.person}'", self.busy_count // 20)
        refused = tables.rows("SELECT request_id FROM decision_record WHERE organisation_id = 'org_demo' AND outcome = 'refused' ORDER BY received_ms DESC LIMIT 1")
        self.refused = refused[0]["request_id"]

    def place(self, tables, condition, offset):
        """Where a page far behind the first begins."""
        row = tables.rows(
            f"SELECT received_ms, request_id FROM decision_record WHERE {condition} ORDER BY received_ms DESC, request_id DESC LIMIT 1 OFFSET {offset}")[0]
        return f"{row['received_ms']}.{row['request_id']}"

    def developer_pages(self):
        app = f"/portal/apps/{self.app}"
        return {
            "overview": "/portal", "apps": "/portal/apps", "app": app, "app's secret": f"{app}/secret", "app's samples": f"{app}/samples",
            "app's requests": f"{app}/requests", "app's requests, refused": f"{app}/requests?outcome=refused",
            "app's requests, failed": f"{app}/requests?outcome=failed",
            "requests": "/portal/requests", "requests, refused": "/portal/requests?outcome=refused", "requests, failed": "/portal/requests?outcome=failed",
            "requests of one app": f"/portal/requests?app={self.app}", "requests, half-way down": f"/portal/requests?before={self.deep}",
            "requests, refused, half-way down": f"/portal/requests?outcome=refused&before={self.deep}",
            "one request": f"/r/{self.refused}", "usage": "/portal/usage", "customers": "/portal/customers", "team": "/portal/team", "settings": "/portal/settings",
        }

    def customer_pages(self):
        return {
            "/my": "/my", "/my/looks": "/my/looks", "/my/looks, far down": f"/my/looks?before={self.customers_deep}", "receipt of a consent": f"/my/consents/{self.consent}",
            "/my/security": "/my/security",
        }
