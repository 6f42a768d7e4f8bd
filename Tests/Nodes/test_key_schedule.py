"""The signing keys of two nodes take their turns by the schedule, under load: announced, signing, retired. Both see one wall clock, which the test moves."""

import json
import shutil
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count

import pytest
import requests
from conftest import until
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from servers import ROOT, Server, engines

MINUTE, DAY = 60, 86_400


class WallClock:
    """What the nodes take for the time: a file of seconds that clock.c adds at each look. Timers run by other clocks, as with a real correction."""

    def __init__(self, folder):
        self.file, library = folder / "clock", folder / "clock.so"
        subprocess.run([shutil.which("clang") or "cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(ROOT / "Tests/Crash/clock.c")], check=True)
        self.steps = -1
        self.move_to(time.time())
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK": str(self.file)}

    @property
    def offset(self):
        return int(self.file.read_text())

    @property
    def now(self):
        return time.time() + self.offset

    def move_to(self, moment):
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{round(moment - time.time())}\n")
        draft.rename(self.file)
        self.steps += 1

    def overtook(self, token):
        """Whether a step ended the token's life while it was in hand: who holds it is refused as anybody is with a token that is too old."""
        return token.offset != self.offset and token.expires_at <= self.now


@dataclass(frozen=True)
class Token:
    text: str
    kid: str
    expires_at: int
    offset: int
    """The clock's, when it was asked for."""


class ResourceServer:
    """It verifies with the keys that a node published and remembers them for four minutes: longer than `max-age=60`, shorter than a key is announced."""

    def __init__(self, node, clock):
        self.node, self.clock, self.read_at = node, clock, 0

    def verify(self, token):
        now = self.clock.now
        if now - self.read_at > 4 * MINUTE:
            self.keys, self.read_at = KeySet.import_key_set(requests.get(f"{self.node.address}/oauth2/jwks", timeout=20).json()), now
        jwt.decode(token.text, self.keys, algorithms=["ES256"])


class Load:
    """Partners that take each token of one node to both and to a resource server, a fresh one and one that they keep for as long as it lives."""

    def __init__(self, nodes, app, clock, threads=4):
        self.nodes, self.credentials, self.clock = nodes, (app["client_id"], app["client_secret"]), clock
        self.kept, self.passed, self.failures, self.overtaken = [None] * threads, Counter(), [], 0
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(index,)) for index in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def run(self, index):
        web, server = requests.Session(), ResourceServer(self.nodes[index % 2], self.clock)
        for turn in count(index):
            if self.stopping.is_set():
                return
            try:
                fresh, kept = self.ask(self.nodes[turn % 2], web), self.kept[index]
                if kept is None or self.clock.now > kept.expires_at - MINUTE / 2:
                    kept = self.kept[index] = fresh
                for token in {kept, fresh}:
                    self.note(token, self.complaint(token, web, server))
            except Exception as failure:
                self.failures.append(repr(failure))

    def ask(self, node, web=requests):
        offset = self.clock.offset
        answer = web.post(f"{node.address}/oauth2/token", data={"grant_type": "client_credentials"}, auth=self.credentials, timeout=20)
        assert answer.status_code == 200, answer.text
        text = answer.json()["access_token"]
        read = jws.extract_compact(text.encode())
        return Token(text, read.headers()["kid"], json.loads(read.payload)["exp"], offset)

    def complaint(self, token, web, server):
        """What who checks the token has against it, if anything."""
        try:
            server.verify(token)
        except (JoseError, ValueError) as refusal:
            return repr(refusal)
        for node in self.nodes:
            answer = web.get(f"{node.address}/v1/consents/cns_none", headers={"Authorization": f"Bearer {token.text}"}, timeout=20)
            if answer.status_code == 401:
                return answer.text
            assert answer.status_code == 404, answer.text

    def note(self, token, complaint):
        overtaken = complaint is not None and self.clock.overtook(token)
        with self.lock:
            if complaint is None:
                self.passed[token.kid] += 1
            elif overtaken:
                self.overtaken += 1
            else:
                self.failures.append((token, complaint))

    def go_on(self, kid):
        """Until tokens of this key were accepted twenty times more; those under way are fewer."""
        before = self.passed[kid]
        until(lambda: self.failures or self.passed[kid] >= before + 20, seconds=60)
        assert self.failures == []


# Each takes two minutes, for a node looks at the schedule once a minute: here on the engine of several nodes. `KeyRotationTests` has both.
@pytest.fixture(params=engines()[-1:])
def pair(request, tmp_path, monkeypatch):
    """Two nodes under one clock, whose keys sign for a day."""
    clock = WallClock(tmp_path)
    with monkeypatch.context() as preloaded:
        for name, value in clock.environment.items():
            preloaded.setenv(name, value)
        first = Server(request.param, "--key-lifetime-days", "1", demo=False)
        second = Server(request.param, "--key-lifetime-days", "1", demo=False, beside=first)
    yield (first, second), clock
    assert second.stop() == 0 and first.stop() == 0


def published(nodes):
    """The keys that both publish."""
    sets = [{key["kid"] for key in requests.get(f"{node.address}/oauth2/jwks", timeout=20).json()["keys"]} for node in nodes]
    assert sets[0] == sets[1]
    return sets[0]


def end_of_a_day(nodes, clock, load, since):
    """The key that has signed since then comes to its end: the announced one takes over, and its tokens live on until it retires.
    Returns it."""
    old = load.ask(nodes[0]).kid
    [following] = published(nodes) - {old}

    clock.move_to(since + DAY - 1.5 * MINUTE)
    until(lambda: all(token and token.kid == old and token.expires_at > clock.now + 4 * MINUTE for token in load.kept), seconds=30)
    clock.move_to(since + DAY)
    # The job of each node looks once a minute.
    took = until(lambda: all(load.ask(node).kid == following for node in nodes), seconds=90)
    signs = clock.now
    load.go_on(old)
    load.go_on(following)
    assert published(nodes) > {old, following}, "the one after it is announced, and the one before it stays"
    # No token lives longer.
    clock.move_to(signs + 5 * MINUTE)
    assert old in published(nodes)
    clock.move_to(signs + 11 * MINUTE)
    load.go_on(following)

    assert old not in published(nodes)
    print(f"the next key signs at both nodes {took:.0f} s after it was due")
    return old, signs


def test_keys_retire_by_the_schedule_and_no_verification_fails_meanwhile(pair):
    nodes, clock = pair
    app = nodes[0].create_app("Load", "--grant-types", "client_credentials", "--scopes", "consents.write", "--plan", "unlimited")
    since, retired = clock.now, []

    with Load(nodes, app, clock) as load:
        for _ in range(2):
            old, since = end_of_a_day(nodes, clock, load, since)
            retired.append(old)
        last = load.ask(nodes[0]).kid

    accepted = sum(load.passed.values())
    print(f"{accepted} tokens accepted of {len(load.passed)} keys, {load.overtaken} overtaken by {clock.steps} steps, {len(load.failures)} refused")
    assert load.failures == []
    # One in each hand of each thread, at a step.
    assert load.overtaken <= 2 * len(load.threads) * clock.steps
    assert list(load.passed) == [*retired, last] and len(set(retired) | {last}) == 3
    assert not published(nodes) & set(retired)
