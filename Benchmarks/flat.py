"""The same operations in a small bank and in a big one, in turn: whether what one costs depends on how many others there are."""

import wrk
from bank import described, filled
from flows import Flows
from measure import median, product_round
from operations import together
from population import Callers, Population
from report import say, table
from settings import CALLERS, ENGINE, FLOWS, ROUNDS, SECONDS, scaled
from tokens import Tokens

SIGNED_IN = 50
# Access tokens live five minutes: more than this cannot be had on a busy machine before the first of them ends.
TOKENS = 20_000


def run(folder):
    small = Population(apps=10, customers=SIGNED_IN, consents=10)
    big = Population(apps=scaled(100_000), customers=scaled(100_000), consents=scaled(1_000_000))
    with filled(f"{folder}/small", small.sampled, small.fill) as small_bank, filled(f"{folder}/big", big.sampled, big.fill) as big_bank:
        say("", f"{small_bank.database.name}, {ROUNDS} rounds of {SECONDS} s in turn. Small: {small.count} apps with a grant and a consent each. Big: "
            f"{big.count:,} apps in as many organisations, {big.consent_count:,} live grants and consents of {big.customer_count:,} customers.", "",
            f"- Small: {described(small_bank)}.", f"- Big: {described(big_bank)}.")
        table("what", "small: CPU µs", "big: CPU µs", "ratio", "small: p50 / p99 ms", "big: p50 / p99 ms", "small: SQL", "big: SQL")
        few = Callers(small_bank, small, f"{folder}/small", small.count)
        for count in sorted({min(count, big.count) for count in CALLERS} | {big.count}):
            compare(few, Callers(big_bank, big, f"{folder}/big", count))
        say("", f"- Small: {described(small_bank)}.", f"- Big: {described(big_bank)}.")


def compare(small, big):
    title = f"{len(big.apps):,} apps calling"
    in_turn(f"client-credentials token, {title}", small, big, lambda callers: drawing(callers, Tokens(callers).own()))
    some = big.spread(TOKENS)
    in_turn(f"`GET /v1/accounts/{{id}}/balance`, {len(some.apps):,} apps calling", small, some, balances)
    in_turn(f"refresh, {title}", small, big, lambda callers: drawing(callers, Tokens(callers).refreshes()))
    for callers in (small, big):
        callers.sign_in(SIGNED_IN)
    in_turn(f"authorize + exchange, {title}", small, big, authorizing)


def in_turn(title, small, big, preparing):
    """`preparing` makes the rounds of an operation: what happens before it is not measured."""
    rounds = {small: [], big: []}
    works = {callers: preparing(callers) for callers in rounds}
    for turn in range(ROUNDS + 1):
        for callers, done in rounds.items():
            one = works[callers]()
            if turn > 0:  # the first is for caches
                done.append(one)
    row(title, rounds[small], rounds[big])


def drawing(callers, requests):
    return lambda: product_round(callers.product, "flat", lambda: wrk.draw(callers.product.address, requests))


def balances(callers):
    """With tokens that the gateway has seen, made anew for each round, since they live five minutes."""
    def one():
        requests = Tokens(callers).balances(len(callers.apps))
        wrk.once(callers.product.address, requests)
        return drawing(callers, requests)()
    return one


def authorizing(callers):
    def one():
        phases = Flows(callers).phases(callers.visits(FLOWS))
        return together([product_round(callers.product, name, work) for name, work in phases])
    return one


def row(title, small, big):
    def cost(rounds):
        return median(rounds, "processor") + median(rounds, "database_processor")

    def cpu(rounds):
        database = f" + {median(rounds, 'database_processor'):.0f}" if ENGINE == "postgres" else ""
        return f"{median(rounds, 'processor'):.0f}{database}"

    def times(rounds):
        return f"{median(rounds, 'p50'):.1f} / {median(rounds, 'p99'):.1f}"

    say("| " + " | ".join([title, cpu(small), cpu(big), f"{cost(big) / cost(small):.2f}", times(small), times(big),
                           f"{median(small, 'statements'):.2f}", f"{median(big, 'statements'):.2f}"]) + " |")
