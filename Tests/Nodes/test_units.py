"""The nodes as deploy/wekeza@.service has them: what systemd starts at once on an empty machine is one deployment, and its sandbox refuses them nothing."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests
import sandbox
from authorities import Authority, pem
from conftest import in_turns, until
from joserfc import jwt
from joserfc.jwk import ECKey
from partners import Partner
from sandbox import Sandbox
from servers import BINARY, ROOT, Customer, free_port, postgres_database

UNIT = ROOT / "deploy/wekeza@.service"
has_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


def settings(name):
    """The values of a setting, in the order of the unit."""
    return [line.split("=", 1)[1] for line in UNIT.read_text().splitlines() if line.startswith(f"{name}=")]


class Instance:
    """`wekeza@number`, without systemd: the unit's command and environment, with ports and folders of the test.

    - wrapper: a command in front of the unit's, which becomes it.
    - more: what else /etc/wekeza/environment says.
    """

    issuer = "https://bank.example"

    def __init__(self, number, machine, wrapper=(), **more):
        assignments = [word for value in settings("Environment") for word in shlex.split(value.replace("%i", str(number)))]
        environment = dict(assignment.split("=", 1) for assignment in assignments)
        assert environment["WEKEZA_PORT"] == f"808{number}" and environment["WEKEZA_OPS_PORT"] == f"909{number}"
        self.port, self.ops_port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        environment |= {
            "WEKEZA_PORT": str(self.port), "WEKEZA_OPS_PORT": str(self.ops_port), "WEKEZA_DATA": str(machine.folder),
            "WEKEZA_ISSUER": self.issuer, "WEKEZA_DATABASE": machine.database, "WEKEZA_ASSETS": str(ROOT),
            # systemd sets it to the user's, which is the folder of the data in deploy/wekeza.sysusers.
            "HOME": str(machine.folder)}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("WEKEZA_")} | environment | more
        [command] = settings("ExecStart")
        binary, *arguments = command.split()
        assert binary == "/usr/bin/wekeza"
        self.output = open(machine.folder.parent / f"output-{number}", "w+")
        self.process = subprocess.Popen(
            [*wrapper, BINARY, *arguments], env=self.environment, umask=0o077, stdout=self.output, stderr=subprocess.STDOUT, cwd="/")

    def ask(self, path, port=None):
        return requests.get(f"http://127.0.0.1:{port or self.port}{path}", timeout=10)

    def is_ready(self):
        assert self.process.poll() is None, self.printed()
        try:
            return self.ask("/readyz", self.ops_port).status_code == 200
        except requests.ConnectionError:
            return False

    def printed(self):
        return Path(self.output.name).read_text()

    def create_app(self, name, *arguments):
        """By the operator, beside the unit and outside of its sandbox."""
        command = [BINARY, "apps", "create", "--name", name, "--json", *arguments]
        return json.loads(subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout)

    def reload(self, wrapper=()):
        [command] = settings("ExecReload")
        subprocess.run([*wrapper, *command.replace("$MAINPID", str(self.process.pid)).split()], check=True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        ended = self.process.wait(60)
        self.output.close()
        return ended


class Machine:
    def __init__(self, folder):
        self.folder, self.database = folder / "data", postgres_database()
        # StateDirectory= makes it.
        self.folder.mkdir(mode=0o700)


@pytest.mark.parametrize("round", range(5))
def test_two_first_starts_at_once_are_one_deployment(tmp_path, round):
    machine = Machine(tmp_path)
    instances = [Instance(number, machine) for number in (1, 2)]
    try:
        for instance in instances:
            until(instance.is_ready, seconds=60)
        keys = [instance.ask("/oauth2/jwks").json() for instance in instances]
        statement = "SELECT count(*) FROM root_key"
        roots = subprocess.run(["psql", machine.database, "-Atqc", statement], check=True, capture_output=True, text=True).stdout.strip()
    finally:
        ended = [instance.stop() for instance in instances]

    assert ended == [0, 0]
    assert keys[0] == keys[1] and len(keys[0]["keys"]) == 2
    assert roots == "1"
    # Both go on with the same master key.
    again = Instance(1, machine)
    until(again.is_ready, seconds=60)
    assert again.stop() == 0


@has_systemd
def test_systemd_accepts_the_units(tmp_path):
    for unit in (UNIT, ROOT / "deploy/wekeza.target"):
        (tmp_path / unit.name).write_text(re.sub("^ExecStart=/usr/bin/wekeza", f"ExecStart={BINARY}", unit.read_text(), flags=re.M))

    looked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "wekeza@1.service"), str(tmp_path / "wekeza.target")], capture_output=True, text=True,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"})

    assert looked.returncode == 0, looked.stderr
    assert "wekeza" not in looked.stderr, looked.stderr


def use(node):
    """A little of everything: tokens, calls, a page, a password to be hashed, and an app whose keys are on another server."""
    partner = Partner(node)
    assert all(partner.get(node, "/v1/consents", partner.token(node)).status_code == 200 for _ in range(5))
    visitor = Customer("amina.traveler", "not the password")
    in_turns(visitor.browser, [node])
    page = visitor.browser.get(f"{node.issuer}/my/sign-in")
    assert visitor.submit(page, "password", {"username": visitor.name, "password": visitor.password}).status_code == 422
    distant = node.create_app("Distant", "--auth-method", "private_key_jwt", "--grant-types", "client_credentials", "--jwks-uri", "https://localhost:1/keys")
    key = ECKey.generate_key("P-256")
    claims = {"iss": distant["client_id"], "sub": distant["client_id"], "aud": node.issuer, "jti": "1", "exp": int(time.time()) + 60}
    answer = requests.post(f"{node.address}/oauth2/token", data={
        "grant_type": "client_credentials", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256"}, claims, key)}, timeout=20)
    assert answer.status_code == 401, answer.text


def by_name(database):
    """The same database, whose server is looked up by its name."""
    return database.replace("@127.0.0.1:", "@localhost:")


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    """What a node calls from its start to its stop, and what stands elsewhere on the unit's machine."""
    if not sandbox.is_available():
        pytest.skip("strace cannot trace a process here")
    machine = Machine(tmp_path_factory.mktemp("machine"))
    machine.database = by_name(machine.database)
    test = machine.folder.parent
    logs, lists, trusted = [test / "serve.log", test / "reload.log"], test / "lists", test / "authorities.pem"
    trusted.write_bytes(pem(Authority("Bank Root").certificate))
    lists.mkdir()
    node = Instance(1, machine, sandbox.traced(logs[0]), WEKEZA_CLIENT_CA=str(trusted), WEKEZA_CRL_DIR=str(lists))
    try:
        until(node.is_ready, seconds=120)
        use(node)
        node.reload(sandbox.traced(logs[1]))
        until(lambda: '"reloaded"' in node.printed(), seconds=30)
    finally:
        ended = node.stop()
    assert ended == 0
    lines = [line for log in logs for line in sandbox.whole(log)]
    places = {str(machine.folder): "/var/lib/wekeza", BINARY: "/usr/bin/wekeza", str(ROOT): "/usr/share/wekeza", str(test): "/etc/wekeza"}
    return lines, places


@has_systemd
def test_the_sandbox_refuses_nothing_of_what_a_node_calls(trace):
    lines, places = trace
    box, calls = Sandbox(UNIT.read_text(), places), list(sandbox.calls(lines))

    complaints = box.complaints(calls)

    names = {call.name for call in calls}
    written = {path for call in calls for path in box.written(call)}
    print(f"{len(calls)} calls of {len(names)} kinds; written: {sorted(written)}")
    assert complaints == []
    # It was all seen, from the first start over the reload to the end.
    assert "/var/lib/wekeza/master.key" in written and {"accept4", "connect", "epoll_wait", "exit_group", "kill"} <= names
    assert sum(call.name == "openat" and "/etc/wekeza/authorities.pem" in box.named(call) for call in calls) >= 2


@has_systemd
@pytest.mark.parametrize("directive, value, refused_by", [
    ("SystemCallFilter", "@basic-io @file-system @process", "SystemCallFilter"), ("SystemCallFilter", "~@network-io", "SystemCallFilter"),
    ("RestrictAddressFamilies", "AF_UNIX", "RestrictAddressFamilies"), ("StateDirectory", "elsewhere", "ProtectSystem")])
def test_a_narrower_sandbox_would_refuse_something(trace, directive, value, refused_by):
    lines, places = trace
    narrower = UNIT.read_text() + f"\n{directive}=\n{directive}={value}\n"

    complaints = Sandbox(narrower, places).complaints(sandbox.calls(lines))

    assert {directive for directive, _ in complaints} == {refused_by}


REFUSED = [
    ('acct("/var/lib/wekeza/calls") = 0', {"SystemCallFilter"}),
    # It is in @system-service, and taken away with @privileged.
    ('chown("/var/lib/wekeza/key", 1, 1) = 0', {"SystemCallFilter"}),
    ("[ Process PID=42 runs in 32 bit mode. ]", {"SystemCallArchitectures"}),
    ("mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000", {"MemoryDenyWriteExecute"}),
    ("mprotect(0x7f0000000000, 4096, PROT_READ|PROT_EXEC <unfinished ...>", {"MemoryDenyWriteExecute"}),
    ("socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3<PACKET:[7]>", {"RestrictAddressFamilies"}),
    ("sendto(3<NETLINK:[7]>, [{nlmsg_len=20, nlmsg_type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST}], 20, 0, NULL, 0) = 20", {"RestrictAddressFamilies"}),
    ('openat(AT_FDCWD</>, "/etc/wekeza/next", O_WRONLY|O_CREAT|O_CLOEXEC, 0600) = 3</etc/wekeza/next>', {"ProtectSystem"}),
    ('openat(3</var/lib/wekeza>, "../other", O_RDWR|O_CLOEXEC) = -1 ENOENT (No such file or directory)', {"ProtectSystem"}),
    ('openat(AT_FDCWD</>, "wekeza.db", O_RDWR|O_CREAT, 0600 <unfinished ...>', {"ProtectSystem"}),
    ('rename("/var/lib/wekeza/draft", "/usr/share/wekeza/page") = 0', {"ProtectSystem"}),
    ('bind(3<UNIX:[7]>, {sa_family=AF_UNIX, sun_path="/run/wekeza.sock"}, 110) = 0', {"ProtectSystem"}),
    ('newfstatat(AT_FDCWD</>, "/root/.postgresql/root.crt", 0x7f0000000000, 0) = -1 ENOENT (No such file or directory)', {"ProtectHome"}),
    ('openat(AT_FDCWD</>, "/dev/mem", O_RDONLY) = 3</dev/mem>', {"PrivateDevices"}),
    ('openat(AT_FDCWD</>, "/proc/1/environ", O_RDONLY) = 3</proc/1/environ>', {"ProtectProc"}),
    ('openat(AT_FDCWD</>, "/proc/sys/kernel/core_pattern", O_WRONLY) = 3</proc/sys/kernel/core_pattern>', {"ProtectKernelTunables"}),
    ('openat(AT_FDCWD</>, "/sys/fs/cgroup/cgroup.procs", O_WRONLY) = 3</sys/fs/cgroup/cgroup.procs>', {"ProtectControlGroups", "ProtectKernelTunables"}),
    ('sethostname("bank", 4) = 0', {"ProtectHostname", "SystemCallFilter"}),
    ("clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = 43", {"RestrictNamespaces"}),
    ("sched_setscheduler(0, SCHED_FIFO, [1]) = 0", {"RestrictRealtime"}),
    ('mkdir("/var/lib/wekeza/shared", 02755) = 0', {"RestrictSUIDSGID"}),
    ("personality(PER_LINUX|ADDR_NO_RANDOMIZE) = 0 (PER_LINUX)", {"LockPersonality"})]

ALLOWED = [
    'openat(AT_FDCWD</>, "/var/lib/wekeza/master.key", O_RDWR|O_CREAT|O_EXCL, 0600) = 3</var/lib/wekeza/master.key>',
    'openat(AT_FDCWD</>, "/tmp/spool", O_WRONLY|O_CREAT, 0600) = 3</tmp/spool>',
    'openat(AT_FDCWD</>, "/dev/null", O_RDWR) = 3</dev/null>',
    'openat(AT_FDCWD</>, "/proc/42/stat", O_RDONLY) = 3</proc/42/stat>',
    'openat(AT_FDCWD</>, "/etc/wekeza/authorities.pem", O_RDONLY|O_CLOEXEC) = 3</etc/wekeza/authorities.pem>',
    'write(3</var/lib/wekeza/log>, "/root/.ssh AF_NETLINK PROT_EXEC", 31) = 31',
    "mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_DENYWRITE, 3</usr/lib/libc.so.6>, 0) = 0x7f0000000000",
    "mprotect(0x7f0000000000, 4096, PROT_READ|PROT_WRITE) = 0",
    "socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3<TCPv6:[7]>",
    "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3<NETLINK:[7]>",
    "sendto(3<NETLINK:[7]>, [{nlmsg_len=20, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP}], 20, 0, NULL, 0) = 20",
    "clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, exit_signal=0} => {parent_tid=[43]}, 88) = 43",
    "personality(0xffffffff) = 0 (PER_LINUX)"]


@has_systemd
@pytest.mark.parametrize("line, directives", REFUSED)
def test_a_call_that_breaks_the_sandbox_is_told(line, directives):
    complaints = Sandbox(UNIT.read_text()).complaints(sandbox.calls([f"42 {line}"]))

    assert {directive for directive, _ in complaints} == directives


@has_systemd
@pytest.mark.parametrize("line", ALLOWED)
def test_a_call_that_the_sandbox_allows_is_not(line):
    [call] = sandbox.calls([f"42    {line}"])

    assert Sandbox(UNIT.read_text()).complaints([call]) == []


def test_each_directive_of_the_unit_is_judged_or_breaks_no_call():
    assert Sandbox(UNIT.read_text()).directives <= set(sandbox.RULES) | sandbox.BESIDES


@has_systemd
def test_the_target_starts_the_nodes_that_are_enabled_and_no_others(tmp_path):
    folder = tmp_path / "etc/systemd/system"
    folder.mkdir(parents=True)
    for unit in (UNIT, ROOT / "deploy/wekeza.target"):
        shutil.copy(unit, folder)
    systemctl = lambda *words: subprocess.run(["systemctl", f"--root={tmp_path}", *words], check=True, capture_output=True)

    systemctl("enable", "wekeza@1", "wekeza@2", "wekeza.target")
    systemctl("disable", "wekeza@1")

    assert [link.name for link in (folder / "wekeza.target.wants").iterdir()] == ["wekeza@2.service"]
    assert "Wants=" not in (ROOT / "deploy/wekeza.target").read_text()
