"""The README's lines, run as they are written."""

import re
import subprocess
import time
from urllib.parse import parse_qs, urlsplit

from conftest import ROOT


def lines_of_the_main_job():
    """The shell blocks under "The same with curl", in order; those that only show where a value goes are left out."""
    part = re.search(r"### The same with curl\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.DOTALL).group(1)
    return [block for block in re.findall(r"```sh\n(.*?)```", part, re.DOTALL) if "…" not in block]


def run(*lines):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(lines)], stdout=subprocess.PIPE, text=True, check=True).stdout


def test_the_lines_lead_from_the_consent_to_the_accounts(server, amina):
    lodge, address, exchange, withdraw, again = (block.replace("http://localhost:8080", server.issuer) for block in lines_of_the_main_job())
    keep = "declare -p BASE APP TOKEN CONSENT; declare -f field"

    state = run(f"SECRET={server.demo_secret}", lodge, keep)
    question = run(state, address).strip()
    code = parse_qs(urlsplit(amina.decide(question)).query)["code"][0]
    *answer, access = run(state, f"CODE={code}", exchange, "echo", "declare -p ACCESS").splitlines()
    assert '"id":"acc_' in answer[0]

    run(state, withdraw)
    deadline = time.monotonic() + 1
    answer = run(state, access, again)
    while "consent_revoked" not in answer and time.monotonic() < deadline:
        answer = run(state, access, again)
    assert '"code":"consent_revoked"' in answer
