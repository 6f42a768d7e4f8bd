"""What the client tests have already: the server's binary, free ports, databases, and a customer who follows the pages."""

import importlib.util
from pathlib import Path

_path = Path(__file__).resolve().parents[1] / "Clients" / "conftest.py"
_spec = importlib.util.spec_from_file_location("clients_conftest", _path)
_clients = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_clients)

ROOT, BINARY = _clients.ROOT, _clients.BINARY
Server, Customer, FormParser = _clients.Server, _clients.Customer, _clients.FormParser
free_port, postgres_database, engines = _clients.free_port, _clients.postgres_database, _clients.engines
