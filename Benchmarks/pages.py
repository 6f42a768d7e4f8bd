"""Pages as a browser asks for them: over connections that stay, one page after another on each."""

import http.client
import math
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

# Seconds for all visits of a page: what takes longer is known well enough.
PATIENCE = 20


@dataclass
class Times:
    """Milliseconds, from the request to the last byte of the page."""

    all: list

    @property
    def p50(self):
        return statistics.median(self.all)

    @property
    def p95(self):
        return sorted(self.all)[math.ceil(len(self.all) * 0.95) - 1]

    @property
    def worst(self):
        return max(self.all)


def visits(product, page, cookie, count, connections=1):
    with ThreadPoolExecutor(connections) as pool:
        shares = pool.map(lambda _: one_after_another(product, page, cookie, count // connections), range(connections))
        return Times([one for share in shares for one in share])


def one_after_another(product, page, cookie, count):
    connection = http.client.HTTPConnection("127.0.0.1", product.port)
    times, began = [], time.monotonic()
    try:
        while len(times) < count and time.monotonic() - began < PATIENCE:
            times.append(visit(connection, product.host, page, cookie))
        return times
    finally:
        connection.close()


def visit(connection, host, page, cookie):
    began = time.perf_counter()
    connection.request("GET", page, headers={"Host": host, "Cookie": cookie})
    answer = connection.getresponse()
    text = answer.read()
    took = (time.perf_counter() - began) * 1000
    assert answer.status == 200, f"{page}: {answer.status} {text[:500]}"
    return took
