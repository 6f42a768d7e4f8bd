"""What is refused in trouble, how that is said, and what goes on meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor

from sights import is_unavailable, summary

# A confidential app's refresh token stays the same, so its refresh is a read. A call of the API is written down.
READS = ("token (client credentials)", "token (refresh)", "introspection", "page /my", "discovery", "/healthz", "/readyz")


def in_turn(questions):
    """- Returns: the answers by what was asked."""
    return {what: ask() for what, ask in questions.items()}


def at_once(questions):
    """- Returns: the answers by what was asked."""
    with ThreadPoolExecutor(len(questions)) as pool:
        return dict(zip(questions, pool.map(lambda ask: ask(), questions.values())))


def assert_writes_are_refused(witness, code, question, payment, asked=in_turn):
    """One of each kind.
    - Returns: the longest that one of them waited, in seconds."""
    partner = witness.web.partner
    refused = asked({
        "exchange": lambda: witness.exchange(code),
        "refresh": witness.rotate,
        "approval": lambda: witness.approve(question),
        "lodging": lambda: partner.lodge(witness.web.own_token, "a-key-of-the-fault", "2030-01-01T00:00:00Z"),
        "payment": lambda: witness.pay(payment),
    })

    for what, answer in refused.items():
        print(f"  {what:28} {answer.seconds if answer else 0:5.2f} s  {summary(answer)}")
        assert is_unavailable(answer), f"{what}: {summary(answer)}"
        if what != "approval":
            assert answer.says == "temporarily_unavailable"
    assert "We cannot show this page right now" in refused["approval"].text
    return max(answer.seconds for answer in refused.values())


def assert_reads_go_on(witness):
    seen = witness.see()
    for what in READS:
        assert seen[what] is not None and seen[what].status == 200, f"{what}: {summary(seen[what])}"
    return seen


def trust_is_over(witness):
    """Waits for the second after which nothing remembered is trusted: not even that an app exists."""
    deadline = time.monotonic() + 15
    while (answer := witness.web.partner.own_token()) is None or answer.status == 200:
        assert time.monotonic() < deadline, "tokens are issued from memory"
        time.sleep(0.05)


def assert_all_is_refused_clearly(witness):
    """As long as there is no database."""
    trust_is_over(witness)
    seen = witness.see()

    for what in ("token (client credentials)", "token (refresh)", "introspection", "API", "page /my"):
        assert is_unavailable(seen[what]), f"{what}: {summary(seen[what])}"
    assert seen["token (refresh)"].says == seen["introspection"].says == "temporarily_unavailable"
    assert seen["API"].says == "temporarily_unavailable"
    assert "We cannot show this page right now" in seen["page /my"].text
    assert seen["/readyz"].status == 503
    # What needs no database goes on.
    assert seen["discovery"].status == seen["/healthz"].status == 200
