"""What is changed at one node, every node has heard of within a second."""

import time


def heard(nodes, call, expected, changed):
    """Asks each node until it answers as it should after a change.
    What tells is when a request was sent, however slow the machine is: none that is sent later than a second after `changed`, the moment at which the change
    was answered, may be answered as before.
    Returns each node's answer."""
    return [asked(lambda: call(node), expected, changed) for node in nodes]


def asked(call, expected, changed):
    while True:
        sent = time.monotonic() - changed
        answer = call()
        if answer.status_code == expected:
            print(f"a request sent {sent * 1000:.0f} ms after the change was answered {expected}")
            return answer
        assert sent <= 1, f"a request sent {sent:.2f} s after the change was answered {answer.status_code}: {answer.text}"
