"""What the tests with one server have already: the server's binary, free ports, databases, what it has accepted, and a customer who follows the pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from ends import accepted  # noqa: E402, F401
from servers import BINARY, ROOT, Customer, FormParser, Server, engines, eventually, free_port, postgres_database  # noqa: E402, F401
