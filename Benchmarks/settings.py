"""How long, how often and how much: each from the environment, with the values that the published tables were made with."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = Path(os.environ.get("WEKEZA_BIN", ROOT / ".build/release/wekeza"))
FLOOR = ROOT / ".build-bench/release/floor"
CERTIFICATE = ROOT / ".build-bench/release/libcertificate.so"
SYNCS = ROOT / ".build-bench/release/libsyncs.so"

SECONDS = int(os.environ.get("BENCH_SECONDS", "10"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "64"))
# Two threads of the load generator, as on the machine that the yardsticks of docs/performance.md come from.
THREADS = 2
# `sqlite` or `postgres`: the latter is a temporary cluster of our own that syncs as PostgreSQL does by default.
ENGINE = os.environ.get("BENCH_ENGINE", "sqlite")
# Apps, each with an organisation, a grant and an account; every load draws from them evenly.
APPS = int(os.environ.get("BENCH_APPS", "1000" if SECONDS >= 5 else "100"))
# Work that is prepared and then done once: authorizations of a round, and tokens that the gateway has not seen.
FLOWS = (500 if SECONDS >= 5 else 200) * SECONDS
DISTINCT = 20_000 if SECONDS >= 5 else 2000
# What `flat`, `portal` and `memory` count in hundred thousands and millions is multiplied by this; 0.01 is a quick look.
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
# How many of the apps of `flat` call, spread evenly over all: as many as the small bank has, and as many as everywhere else. Every app calls after that.
CALLERS = [int(count) for count in os.environ.get("BENCH_CALLERS", "10,1000").split(",")]
# How often `portal` asks for each page.
VISITS = int(os.environ.get("BENCH_VISITS", "100"))
# A folder for profiles of the product, or nothing.
PROFILE = os.environ.get("BENCH_PROFILE")


def scaled(count):
    return max(10, round(count * SCALE))
