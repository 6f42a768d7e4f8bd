"""The product's tables while it is stopped: rows that it wrote are read, and rows like them are added by the hundred thousand."""

import json
import re
import sqlite3
import subprocess
from contextlib import contextmanager
from itertools import repeat


def like(row, replacing, **changes):
    """Columns and rows like one that the product wrote. `replacing`: what stands in it, alone or within a longer text, and what stands there instead, a
    value for each new row. `changes`: whole columns. The rest stays."""
    row = {name: value for name, value in row.items() if not (name == "id" and isinstance(value, int))}  # counted by the table
    return list(row), zip(*(changes.get(name) or varied(value, replacing) for name, value in row.items()))


def varied(value, replacing):
    if not isinstance(value, str):
        return repeat(value)
    if value in replacing:
        return replacing[value]
    pieces = re.split("(" + "|".join(re.escape(old) for old in replacing) + ")", value)
    if len(pieces) == 1:
        return repeat(value)
    pattern = "".join("%s" if piece in replacing else piece.replace("%", "%%") for piece in pieces)
    return map(pattern.__mod__, zip(*(replacing[piece] for piece in pieces if piece in replacing)))


class SQLiteTables:
    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "locking_mode = EXCLUSIVE"):
            self.connection.execute(f"PRAGMA {setting}").fetchall()
        self.connection.row_factory = sqlite3.Row

    def execute(self, statement):
        self.connection.execute(statement)

    def rows(self, statement):
        return [dict(row) for row in self.connection.execute(statement)]

    def insert(self, table, columns, rows):
        self.connection.execute("BEGIN")
        self.connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
        self.connection.execute("COMMIT")

    @contextmanager
    def without_indexes(self, tables):
        """Sorting a million entries at the end is much quicker than finding the place of each. The indexes are made again as they were."""
        named = [row for row in self.rows("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL") if row["tbl_name"] in tables]
        for index in named:
            self.connection.execute(f"DROP INDEX {index['name']}")
        yield
        for index in named:
            self.connection.execute(index["sql"])

    def close(self):
        self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
        self.connection.close()


class PostgresTables:
    def __init__(self, url):
        self.psql = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", url, "-c"]

    def execute(self, statement):
        return subprocess.run([*self.psql, statement], check=True, capture_output=True, text=True).stdout

    def rows(self, statement):
        return [json.loads(line) for line in self.execute(f"SELECT row_to_json(found) FROM ({statement}) found").splitlines()]

    def insert(self, table, columns, rows):
        copy = subprocess.Popen([*self.psql, f"COPY {table} ({', '.join(columns)}) FROM STDIN"], stdin=subprocess.PIPE, text=True, bufsize=1 << 20)
        for row in rows:
            copy.stdin.write("\t".join(map(self.field, row)) + "\n")
        copy.stdin.close()
        assert copy.wait() == 0

    def field(self, value):
        """As COPY reads it."""
        if isinstance(value, str):
            return value.translate(self.escapes)
        return r"\N" if value is None else str(value)

    escapes = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

    @contextmanager
    def without_indexes(self, tables):
        """As above; those that stand for a constraint stay."""
        wanted = ", ".join(f"'{table}'" for table in tables)
        named = self.rows(
            f"""SELECT indexname, indexdef FROM pg_indexes
                WHERE schemaname = 'public' AND tablename IN ({wanted}) AND indexname NOT IN (SELECT conname FROM pg_constraint)""")
        for index in named:
            self.execute(f"DROP INDEX {index['indexname']}")
        yield
        for index in named:
            self.execute(index["indexdef"])

    def close(self):
        """What autovacuum does some minutes after such a change."""
        self.execute("VACUUM ANALYZE")
