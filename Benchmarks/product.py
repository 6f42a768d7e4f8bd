"""The product as a bank would run it: every policy on, decision records written, JSON logs and metrics on."""

import json
import os
import re
import subprocess
from dataclasses import dataclass

import requests

from processes import Process, free_port
from settings import PRODUCT, ROOT


@dataclass
class Reading:
    """Everything that is counted, at one moment; two of them make a difference."""

    processor: float
    database_processor: float
    statements: float
    writing: float
    commits: float
    syncs: float
    written: float

    def __sub__(self, other):
        return Reading(*(getattr(self, name) - getattr(other, name) for name in self.__dataclass_fields__))


class Product(Process):
    def __init__(self, folder, database, bank, port=None, beside=None):
        """`bank`: the address of the core banking system behind live apps. `beside`: another node of the same deployment."""
        self.database = database
        self.port, self.ops_port = port or free_port(), free_port()
        self.host = f"localhost:{self.port}"
        self.address = f"http://{self.host}"
        self.tls_port = free_port()
        self.tls_host = f"localhost:{self.tls_port}"
        self.arguments = ["--data", folder, "--assets", str(ROOT), "--database", database.url]
        self.log = open(f"{folder}/log-{self.port}", "wb")
        super().__init__(
            [PRODUCT, "serve", "--demo", "--port", str(self.port), "--ops-port", str(self.ops_port), "--tls-port", str(self.tls_port), "--upstream", bank,
             *(["--issuer", beside.address] if beside else []), *self.arguments],
            f"http://127.0.0.1:{self.ops_port}/readyz", database.environment_of_product, self.log)

    def create_app(self, *arguments):
        done = subprocess.run([PRODUCT, "apps", "create", "--plan", "unlimited", "--json", *self.arguments, *arguments],
                              capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def metric(self, page, name):
        return float(re.search(rf"^{name} (\S+)", page, re.M).group(1))

    def page(self):
        return requests.get(f"http://127.0.0.1:{self.ops_port}/metrics").text

    def requests(self):
        """How many it has answered."""
        return sum(int(count) for count in re.findall(r"^http_server_requests_total\{.*\} (\d+)$", self.page(), re.M))

    def reading(self):
        """What the log made the disk write is taken off: the rest is the database's."""
        page = self.page()
        return Reading(
            processor=self.processor_seconds(), database_processor=self.database.processor_seconds(),
            statements=self.metric(page, "sql_statements_total"), writing=self.metric(page, "sql_writing_statements_total"),
            commits=self.metric(page, "sql_commits_total"), syncs=self.database.syncs.count, written=self.database.written_bytes(self.pid) - os.fstat(self.log.fileno()).st_size)

    def stop(self):
        super().stop()
        self.log.close()
