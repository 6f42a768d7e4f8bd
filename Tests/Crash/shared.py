"""What every test of a running server uses, found where it is."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Shared"))

from servers import BINARY, ROOT, Customer, FormParser, Server, engines, free_port, postgres_database  # noqa: E402, F401
