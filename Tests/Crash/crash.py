"""`script/crash`: what the platform promises, held against kills, power cuts and faults."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cluster
import kernel
import kills
import syncs


def main():
    parser = argparse.ArgumentParser(prog="script/crash", description=__doc__)
    modes = parser.add_subparsers(dest="mode")
    killing = modes.add_parser("kills", help="kill -9 at random moments under load, on both engines (the default)")
    killing.add_argument("--rounds", type=int, default=200, help="kills per engine [200]")
    killing.add_argument("--seed", default=os.urandom(4).hex(), help="repeats the moments of an earlier run")
    killing.add_argument("--engine", choices=["sqlite", "postgres"], action="append", help="one engine only")
    syncing = modes.add_parser("syncs", help="under strace: no acknowledgement leaves before the sync that covers it")
    syncing.add_argument("--seconds", type=int, default=10, help="of load [10]")
    syncing.add_argument("--cuts", type=int, choices=range(1, 1000), metavar="N", default=40, help="of the power on PostgreSQL, each a start of its own; on SQLite it is cut after every sync [40]")
    modes.add_parser("faults", help="each fault, with what partners and customers see")
    options = parser.parse_args(sys.argv[1:] or ["kills"])
    sys.exit({"kills": run_kills, "syncs": run_syncs, "faults": run_faults}[options.mode](options))


class TestServer:
    """The PostgreSQL that WEKEZA_TEST_POSTGRES names, or one for this run."""

    def __enter__(self):
        self.own = None
        if "WEKEZA_TEST_POSTGRES" not in os.environ:
            self.own = cluster.Cluster()
            os.environ["WEKEZA_TEST_POSTGRES"] = self.own.url

    def __exit__(self, *_):
        if self.own:
            self.own.remove()


def run_kills(options):
    print(f"==> {options.rounds} kills per engine; to repeat their moments: script/crash kills --seed {options.seed}")
    failed = 0
    with TestServer():
        for engine in options.engine or ["sqlite", "postgres"]:
            ledger = kills.run(engine, options.rounds, options.seed, lambda line: print(line, flush=True))
            for what, count in sorted(ledger.counts.items()):
                print(f"  {what:44} {count:7}")
            print(f"  promises broken: {len(ledger.broken)}")
            for line in ledger.broken[:20]:
                print(f"    {line}")
            failed += len(ledger.broken) + len(ledger.refusals)
    return 1 if failed else 0


def run_syncs(options):
    if not kernel.is_available():
        print("strace cannot trace a process here.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        with syncs.SQLite.open(folder) as engine:
            verdicts = [told("SQLite", engine.record(options.seconds).verdict())]
        refreshed, count = syncs.group(folder)
        print(f"  64 refreshes at a time: {refreshed} operations, {count} syncs, {refreshed / max(1, count):.1f} operations per sync", flush=True)
    with syncs.Postgres.open(options.cuts) as engine:
        verdicts.append(told("PostgreSQL", engine.record(options.seconds).verdict()))
    return 1 if any(verdict.broken or verdict.unseen for verdict in verdicts) else 0


def told(engine, verdict):
    acknowledged = verdict.kept + len(verdict.broken)
    print(f"{engine}: {acknowledged} acknowledged operations, {verdict.syncs} syncs of the log", flush=True)
    print(f"  {verdict.cuts} power cuts: {len(verdict.broken)} of the acknowledgements not on the disk; cut at {dict(verdict.kinds)}", flush=True)
    for line in [*verdict.broken, *(f"{promise} is not in the trace" for promise in verdict.unseen)][:20]:
        print(f"  {line}")
    return verdict


def run_faults(options):
    here = Path(__file__).parent
    names = sorted(path.name for path in here.glob("test_*.py") if path.name not in ("test_crash.py", "test_syncs.py"))
    with TestServer():
        return subprocess.run([sys.executable, "-m", "pytest", "-v", "-s", "-p", "no:cacheprovider", *names], cwd=here).returncode


main()
