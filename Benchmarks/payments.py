"""Payments with everything on: gateway, consent, ledger, risk decision, idempotency key. Each is made once; settling those to other banks is part of it."""

import re
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import wrk
from bank import NO_BANK
from databases import opened
from measure import SETTLING, Round, median, single_syncs
from payers import Payers
from product import Product
from profiling import recording
from report import against_row, begin, row, say
from settings import CONNECTIONS, ENGINE, FLOWS, ROUNDS, SECONDS


def run(folder):
    database = opened(folder)
    product = Product(folder, database, NO_BANK)
    try:
        payers = Payers(product, folder)
        say("", f"{database.name}, {CONNECTIONS} connections, {ROUNDS} rounds of {FLOWS:,} payments, each under a consent and from an account of its own, half "
            f"of them inside the bank. The disk takes {single_syncs(folder):,.0f} single synced pages a second.")
        begin()
        durable = with_and_without_syncs(product, payers)
        half = median(durable, "rate") / 2
        at_half(product, payers, half)
        with_history(product, payers, half)
        if ENGINE == "postgres":
            two_nodes(folder, product, payers)
    finally:
        product.stop()
        database.stop()


def with_and_without_syncs(product, payers):
    durable, free = [], []
    for turn in range(ROUNDS + 1):
        done = paying([product], payers, payers.payments(FLOWS))
        with product.database.syncs.skipped():
            undurable = paying([product], payers, payers.payments(FLOWS), title="payments without syncs")
        if turn > 0:  # the first is for caches and branch predictors
            durable.append(done)
            free.append(undurable)
    row("payment, durable", durable, free)
    against_row("the same without syncs", free)
    return durable


def at_half(product, payers, rate):
    """Half of what it can take, evenly spread: how long one payment takes."""
    row(f"payment, {rate:,.0f} a second", [
        paying([product], payers, payers.payments(int(rate * SECONDS)), pace=rate, title="payments at half") for _ in range(ROUNDS)])


def with_history(product, payers, rate):
    """The same where a risk decision has a year to look at."""
    before = decisions(product)
    row("the same from accounts with a year of history", [
        paying([product], payers, payers.payments(FLOWS // 5, history=True), pace=rate, title="payments with history") for _ in range(ROUNDS)])
    counts = {bound: count - before.get(bound, 0) for bound, count in decisions(product).items()}
    say("", "- The risk decision, with its reads, from accounts with a year of history: " + ", ".join(
        f"{counts[bound] / counts['+Inf'] * 100:.2f} % within {float(bound) * 1000:g} ms" for bound in ("0.001", "0.002", "0.005", "0.01", "0.1")) + ".")


def decisions(product):
    """How many took no longer, by the bounds of the histogram."""
    found = {}
    for labels, count in re.findall(r"^risk_decision_duration_seconds_bucket\{(.*)\} (\d+)$", product.page(), re.M):
        bound = re.search(r'le="([^"]+)"', labels)[1]
        found[bound] = found.get(bound, 0) + int(count)
    return found


def two_nodes(folder, product, payers):
    """The same cores, the same number of connections."""
    second = Product(folder, product.database, NO_BANK, beside=product)
    try:
        one, two, waits, places = [], [], {1: [], 2: []}, {1: Counter(), 2: Counter()}
        for turn in range(ROUNDS + 1):
            for asked, rounds in (([product, product], one), ([product, second], two)):
                requests = payers.payments(FLOWS)
                with LockWaits(product.database.url) as locks:
                    # The second one settles too when nobody asks it.
                    done = paying([product, second], payers, requests, asked=asked)
                if turn > 0:
                    rounds.append(done)
                    nodes = len(set(asked))
                    waits[nodes].append(locks.seconds / done.finished * 1e6)
                    places[nodes].update(locks.by_place)
        row("payment, two nodes", two, one)
        against_row("one node", one)
        say("", f"- Statements: {median(one, 'statements'):.2f} a payment of one node, {median(two, 'statements'):.2f} of two.")
        for nodes in (1, 2):
            say("", f"- Waits for locks, nodes {nodes}: {sorted(waits[nodes])[ROUNDS // 2]:.0f} µs of a payment. " + ", ".join(
                f"{seconds / places[nodes].total() * 100:.0f} % {place}" for place, seconds in places[nodes].most_common(5)))
    finally:
        second.stop()


def paying(nodes, payers, requests, pace=0, asked=None, title="payments"):
    """What it costs on all nodes together. `asked`: two load generators, each with half of the connections, at one of these each."""
    first = nodes[0]
    before = [node.reading() for node in nodes]
    with recording(first.pid, title):
        if asked:
            with ThreadPoolExecutor(2) as pool:
                runs = list(pool.map(lambda part: wrk.once(asked[part].address, requests[part::2], connections=CONNECTIONS // 2), range(2)))
        else:
            runs = [wrk.once(first.address, requests, pace=pace)]
        time.sleep(SETTLING)
        payers.settled()
    used = [node.reading() - reading for node, reading in zip(nodes, before)]
    units = len(requests)
    total = lambda name: sum(getattr(one, name) for one in used) / units
    return Round(
        units / max(run.seconds for run in runs), max(run.p50 for run in runs), max(run.p99 for run in runs), units, total("processor") * 1e6,
        used[0].database_processor / units * 1e6, total("statements"), total("writing"), total("commits"), used[0].syncs / units, max(0, used[0].written) / units)


class LockWaits:
    """How long PostgreSQL's sessions wait for locks, of which kinds, and in which statements, from a look every 2 ms."""

    QUESTION = r"""
        SELECT wait_event || ' in ' || trim(left(regexp_replace(query, '\s+', ' ', 'g'), 60)) FROM pg_stat_activity WHERE wait_event_type = 'Lock';
        \echo .
        """

    def __init__(self, url):
        self.psql = subprocess.Popen(["psql", "-qAtX", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.by_place, self.is_over = Counter(), threading.Event()
        self.thread = threading.Thread(target=self.look)

    @property
    def seconds(self):
        return sum(self.by_place.values())

    def look(self):
        last = time.monotonic()
        while not self.is_over.wait(0.002):
            self.psql.stdin.write(self.QUESTION)
            places, now = list(iter(lambda: self.psql.stdout.readline().strip(), ".")), time.monotonic()
            for place in places:
                self.by_place[place] += now - last
            last = now

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        self.psql.stdin.close()
        self.psql.wait()
