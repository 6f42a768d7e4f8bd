"""A database that is filled while the product is stopped, and the product on it."""

from contextlib import contextmanager
from pathlib import Path

from databases import opened
from product import Product

# Nobody listens there: what a live app asks of its bank fails.
NO_BANK = "http://127.0.0.1:9"


@contextmanager
def filled(folder, prepare, fill):
    """`prepare` has the product write the rows that `fill` makes copies of."""
    Path(folder).mkdir(exist_ok=True)
    database = opened(folder)
    try:
        first = Product(folder, database, NO_BANK)
        try:
            prepare(first)
        finally:
            first.stop()
        fill(first)
        product = Product(folder, database, NO_BANK, first.port)
        try:
            product.idle_megabytes = product.resident_megabytes()
            yield product
        finally:
            product.stop()
    finally:
        database.stop()


def described(product):
    return (f"ready in {product.ready_after:.2f} s, resident memory {product.idle_megabytes:.0f} MB after the start and {product.resident_megabytes():.0f} MB after "
            f"{product.requests():,} requests, database {product.database.size() / 1e6:,.0f} MB")
