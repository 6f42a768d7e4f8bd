"""Runs the product and its floors in turn under one load, and prints what each request costs.

Rates on a shared machine move within the hour; the ratio to a floor measured in the same minutes, and processor time per request, are what to compare."""

import os
import signal
import sys
import tempfile

import flat
import memory
import payments
import portal
import report
from databases import opened
from measure import background, signatures, single_syncs
from operations import ALL, Operations
from processes import Floor
from product import Product
from settings import APPS, CONNECTIONS, ROUNDS, SECONDS, THREADS
from world import World

BACKGROUND = "the change feed's look each 250 ms, decision records in groups each 200 ms and on their shelves each 10 s or 5,000 of a slice, unused quota units each 0.5 s, a look at what is to be settled each 1 s, last uses of secrets each 20 s, \
expired consents each 30 s, pending transactions each 60 s, the purge each 600 s"


# What fills databases of its own. Each takes minutes, so it is done only when it is named.
SIZES = {"flat": flat.run, "portal": portal.run, "memory": memory.run, "payments": payments.run}


def main(names):
    unknown = [name for name in names if name not in ALL and name not in SIZES]
    if unknown:
        sys.exit(f"script/bench takes {', '.join([*ALL, *SIZES])}, not {', '.join(unknown)}.")
    # Asked to end, it stops its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    operations = [name for name in names or ALL if name in ALL]
    if operations:
        beside_floor(operations)
    for name in names:
        if name in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                SIZES[name](folder)


def beside_floor(names):
    with tempfile.TemporaryDirectory() as folder:
        database = opened(folder)
        floor = Floor()
        try:
            measure(folder, database, floor, names)
        finally:
            floor.stop()
            database.stop()


def measure(folder, database, floor, names):
    first = Product(folder, database, floor.address)
    first.stop()
    product = Product(folder, database, floor.address, first.port)
    try:
        idle = product.resident_megabytes()
        signed, checked = signatures()
        report.say(
            f"{database.name}. `wrk -c {CONNECTIONS} -t {THREADS}`, {ROUNDS} rounds of {SECONDS} s, {APPS:,} apps, {os.cpu_count()} processors shared with the load "
            f"generator. The disk takes {single_syncs(folder):,.0f} single synced pages a second, a core makes {signed:,.0f} ES256 signatures and checks {checked:,.0f}.", "",
            f"- Ready {first.ready_after:.2f} s after the first start, which migrates and seeds, and {product.ready_after:.2f} s after the second.")
        used, seconds = background(product)
        report.say(
            f"- Without requests, each second: {used.statements / seconds:.1f} SQL statements, {used.commits / seconds:.1f} commits, "
            f"{used.processor / seconds * 1000:.1f} ms of processor time. They are {BACKGROUND}.")
        world = World(product)
        size, grants = database.size(), product.reading()
        report.begin()
        for name in names:
            ALL[name](Operations(product, world, floor, folder))
        report.say(
            "", f"- Resident memory: {idle:.0f} MB after the start, {product.resident_megabytes():.0f} MB after the load "
            f"({product.requests():,} requests); the floor {floor.resident_megabytes():.0f} MB.",
            f"- The database grew by {(database.size() - size) / 1e6:,.0f} MB in {product.reading().statements - grants.statements:,.0f} statements.")
    finally:
        product.stop()


main(sys.argv[1:])
