"""The rows of a database beside the server that runs on it."""

import json
import sqlite3
import subprocess
from contextlib import closing


class Rows:
    """`database` is an address as the server is given it."""

    def __init__(self, database):
        self.path = database.removeprefix("sqlite:") if database.startswith("sqlite:") else None
        self.psql = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", database]

    def select(self, statement):
        """A list of dictionaries."""
        if self.path:
            with closing(sqlite3.connect(self.path, timeout=30)) as connection:
                connection.row_factory = sqlite3.Row
                return [dict(row) for row in connection.execute(statement)]
        said = subprocess.run([*self.psql, "-c", f"SELECT row_to_json(found) FROM ({statement}) found"], check=True, capture_output=True, text=True).stdout
        return [json.loads(line) for line in said.splitlines()]

    def execute(self, *statements):
        """All of them in one transaction."""
        if self.path:
            with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement in statements:
                    connection.execute(statement)
                connection.execute("COMMIT")
        else:
            subprocess.run([*self.psql, "-1"], check=True, capture_output=True, text=True, input=";\n".join([*statements, ""]))


def literal(value):
    """As both engines read it."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else str(value).upper() if isinstance(value, bool) else str(value)
