"""What a million requests leave in memory: tokens, balances and refreshes, mixed."""

import random

import wrk
from bank import filled
from population import Callers, Population
from report import say, table
from settings import scaled
from tokens import Tokens

REQUESTS = 1_000_000
# Between two looks. Each balance's token serves a handful of calls and is then replaced, as partners do.
STRIDE = 50_000
TOKENS = 5


def run(folder):
    partners = Population(apps=scaled(1000), customers=scaled(1000), consents=scaled(1000))
    with filled(folder, partners.sampled, partners.fill) as product:
        callers = Callers(product, partners, folder, partners.count)
        say("", f"{product.database.name}, {partners.count:,} apps; tokens, balances and refreshes in equal parts.")
        table("requests", "resident MB")
        say(f"| after the start | {product.idle_megabytes:.0f} |")
        mixed(product, callers)


def mixed(product, callers):
    wanted, shown = scaled(REQUESTS), 0
    tokens = Tokens(callers)
    steady = tokens.own() + tokens.refreshes()
    while product.requests() < wanted:
        balances = tokens.balances(TOKENS * len(callers.apps))
        requests = random.choices(steady, k=2 * STRIDE // 3) + random.choices(balances, k=STRIDE // 3)
        random.shuffle(requests)
        wrk.once(product.address, requests)
        if product.requests() * 10 // wanted > shown:
            shown = product.requests() * 10 // wanted
            say(f"| {product.requests():,} | {product.resident_megabytes():.0f} |")
