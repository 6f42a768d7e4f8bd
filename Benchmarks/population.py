"""A bank with many partners and customers: everything that the product wrote for one app and one customer, written again under other names.

The one app is made by the command line, the one customer approves it on the pages; the rows of both are found by their identifiers. Every app of the
copies can be called as: its secret is derived from its number, its refresh token from its grant."""

import random
import string
import sys
import time
from copy import copy
from dataclasses import replace

from settings import ROOT
from tables import like
from world import App, World

sys.path.insert(0, str(ROOT / "Tests/Shared"))
from credentials import RefreshTokens, base64url, digest
from rows import Rows

LETTERS = string.ascii_letters + string.digits
CUSTOMER = "diana.student"
# Consents end 90 days after they were given; all of ours still have some days left.
DAY = 86_400


class Population:
    def __init__(self, apps, customers, consents):
        """At least one consent for each app."""
        self.count, self.customer_count, self.consent_count = apps, customers, max(apps, consents)
        self.chance = random.Random(f"{apps} {customers} {consents}")
        self.apps, self.organisations, self.secrets = (self.identifiers(prefix, apps) for prefix in ("app_", "org_", "sec_"))
        self.client_ids = [f"app-{identifier[-16:].lower()}" for identifier in self.identifiers("", apps)]
        self.people, self.accounts = self.identifiers("usr_", customers), self.identifiers("acc_", customers)
        self.consents, self.grants, self.requests = (self.identifiers(prefix, self.consent_count) for prefix in ("cns_", "grt_", "req_"))

    def identifiers(self, prefix, count):
        """Sorted, so that the tables' keys grow at their end while they are filled."""
        return sorted({prefix + "".join(self.chance.choices(LETTERS, k=20)) for _ in range(count)})

    def app_of(self, consent):
        return consent % self.count

    def customer_of(self, consent):
        """Others for each of an app's consents."""
        return (consent % self.count * 7919 + consent // self.count * 104_729) % self.customer_count

    def secret(self, app):
        return "wkz_sk_" + base64url(random.Random(self.apps[app]).randbytes(32))

    def sign_in_name(self, customer):
        return f"{CUSTOMER}.{customer}"

    def sampled(self, product):
        """Has the product write the rows of which the others are copies."""
        world = World(product, apps=1, names=[CUSTOMER])
        self.sample = world.apps[0]

    def fill(self, product):
        """The product is stopped."""
        tables = product.database.tables()
        find = lambda table, column, value: tables.rows(f"SELECT * FROM {table} WHERE {column} = '{value}'")
        app = find("app", "client_id", self.sample.client_id)[0]
        organisation, secret = find("organisation", "id", app["organisation_id"])[0], find("app_secret", "app_id", app["id"])[0]
        consent = find("consent", "app_id", app["id"])[0]
        grant = find("token_grant", "consent_id", consent["id"])[0]
        person, account = find("person", "id", consent["person_id"])[0], find("account", "id", self.sample.account)[0]
        numbers = range(self.count)
        partner = {app["id"]: self.apps, organisation["id"]: self.organisations, secret["id"]: self.secrets, app["client_id"]: self.client_ids,
                   organisation["handle"]: [f"partner-{number}" for number in numbers], app["name"]: [f"Partner {number}" for number in numbers]}
        customer = {person["id"]: self.people, account["id"]: self.accounts, CUSTOMER: [self.sign_in_name(number) for number in range(self.customer_count)]}
        consents = range(self.consent_count)
        apps, customers = [self.app_of(number) for number in consents], [self.customer_of(number) for number in consents]
        agreement = {
            consent["id"]: self.consents, grant["id"]: self.grants, app["id"]: [self.apps[number] for number in apps],
            app["client_id"]: [self.client_ids[number] for number in apps], organisation["id"]: [self.organisations[number] for number in apps],
            person["id"]: [self.people[number] for number in customers], account["id"]: [self.accounts[number] for number in customers],
            find("audit_log", "subject", grant["id"])[0]["request_id"]: self.requests}
        now = int(time.time())
        given = [now - (80 * DAY * (self.consent_count - number)) // self.consent_count for number in consents]
        moments = {name: given for name in ("created_at", "authenticated_at", "status_changed_at", "occurred_at", "last_used_at")}
        until = {"expires_at": [moment + 90 * DAY for moment in given]}

        def write(table, rows, replacing, **changes):
            for row in rows:
                tables.insert(table, *like(row, replacing, **{name: values for name, values in changes.items() if name in row}))

        with tables.without_indexes(["app", "organisation", "app_secret", "person", "account", "account_holder", "consent", "consent_account", "consent_event",
                                     "token_grant", "audit_log"]):
            write("organisation", [organisation], partner)
            write("app", [app], partner)
            write("app_secret", [secret], partner, digest=[digest(self.secret(number)) for number in numbers], hint=[self.secret(number)[-4:] for number in numbers])
            for subject in (organisation["id"], app["id"]):
                write("audit_log", find("audit_log", "subject", subject), partner)
            write("person", [person], customer)
            # As the product opens an account, with nothing on it.
            nothing = [0] * self.customer_count
            write("account", [account], customer, number=[f"0199{number:09}" for number in range(self.customer_count)], booked=nothing, held=nothing,
                 sequence=nothing)
            write("account_holder", find("account_holder", "account_id", account["id"]), customer)
            write("consent", [consent], agreement, **moments, **until)
            write("consent_account", find("consent_account", "consent_id", consent["id"]), agreement)
            write("consent_event", find("consent_event", "consent_id", consent["id"]), agreement, **moments)
            write("token_grant", [grant], agreement, **moments, **until)
            for subject in (consent["id"], grant["id"]):
                write("audit_log", find("audit_log", "subject", subject), agreement, **moments)
        self.generation = grant["generation"]
        tables.close()


class Callers:
    """Apps spread evenly over the population, as the requests of `tokens.py` and `flows.py` want them."""

    def __init__(self, product, population, folder, count):
        self.product, self.population = product, population
        refresh_tokens = RefreshTokens(folder, Rows(product.database.url))
        self.apps = [self.app(number * population.count // count, refresh_tokens) for number in range(count)]

    def spread(self, most):
        """Fewer of them, as evenly."""
        fewer = copy(self)
        fewer.apps = self.apps[::-(-len(self.apps) // most)]
        return fewer

    def app(self, number, refresh_tokens):
        them = self.population
        client_id = them.client_ids[number]
        return App(
            client_id=client_id, basic=App.basic_of(client_id, them.secret(number)), customer=None, account=them.accounts[them.customer_of(number)],
            refresh_token=refresh_tokens.token(them.grants[number], them.generation, client_id))

    def sign_in(self, count):
        """Customers spread over the population, on the pages."""
        them = self.population
        numbers = [number * them.customer_count // count for number in range(count)]
        self.customers = [World.sign_in(self, them.sign_in_name(number), self.apps[0].client_id) for number in numbers]

    def visits(self, count):
        """So many times any app and any of the customers who are signed in."""
        customers = random.choices(self.customers, k=count)
        return [replace(app, customer=customer, account=customer.accounts[0]) for app, customer in zip(random.choices(self.apps, k=count), customers)]
