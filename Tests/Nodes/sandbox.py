"""What the sandbox of a unit would refuse, told from strace's log: systemd, which puts it in force, does not run where the tests do.

strace adds no call: with -D it is no parent of the program, whose log begins with its own execve, and none of strace's options injects anything. It makes the
program slower, and does not see what needs no system call: the clock in the vDSO, and what is asked for through io_uring."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import until

# What no call can break: how systemd starts and ends the program, and what setpriv below has in force. The folders are those that ProtectSystem= leaves.
BESIDES = set("""
    Type ExecStart ExecReload EnvironmentFile Environment TimeoutStopSec KillMode Restart RestartSec RestartPreventExitStatus LimitNOFILE OOMPolicy User
    Group UMask LogRateLimitIntervalSec RemoveIPC SystemCallErrorNumber NoNewPrivileges CapabilityBoundingSet AmbientCapabilities CacheDirectory
    LogsDirectory RuntimeDirectory StateDirectory StateDirectoryMode ReadWritePaths PrivateTmp
    """.split())

OPENING = {"creat", "open", "openat", "openat2"}
CHANGING = set("""
    chmod chown fchmodat fchmodat2 fchownat lchown link linkat mkdir mkdirat mknod mknodat removexattr rename renameat renameat2 rmdir setxattr symlink
    symlinkat truncate unlink unlinkat utime utimensat utimes
    """.split())
CHANGING_OPEN = {"fchmod", "fchown", "fremovexattr", "fsetxattr"}
LOOKING = set("access chdir execve faccessat faccessat2 getxattr lgetxattr lstat newfstatat readlink readlinkat stat statfs statx".split())

_call = re.compile(r"^(\d+) +(\w+)\((.*)$")
_mode = re.compile(r"^(\d+) +\[ Process PID=\d+ runs in (.*) mode\. \]$")
_path = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
_socket = re.compile(r'sun_path="((?:[^"\\]|\\.)*)"')
_open_file = re.compile(r"^\d+<(/[^>]*)>")


def traced(log):
    """A command in front of the unit's: it runs without capabilities, which leaves root no more than another user, and each of its calls is written down."""
    dropping = ["--inh-caps=-all", "--bounding-set=-all"] if os.getuid() == 0 else []
    return ["setpriv", "--no-new-privs", *dropping, "strace", "-D", "-f", "-y", "-o", str(log)]


def whole(log):
    """The lines of a log, when the one that says how the program ended is there."""
    read = lambda: Path(log).read_text(errors="replace").splitlines()
    until(lambda: (lines := read()) and lines[-1].split()[:2] == [lines[0].split()[0], "+++"], seconds=30)
    return read()


def is_available():
    """Whether a process can be started so here."""
    with TemporaryDirectory() as folder:
        try:
            subprocess.run([*traced(f"{folder}/log"), "true"], capture_output=True, timeout=20, check=True)
            return bool(whole(f"{folder}/log"))
        except (AssertionError, OSError, subprocess.SubprocessError):
            return False


@dataclass(frozen=True)
class Call:
    thread: str
    name: str
    arguments: str
    """As strace spells them, the result behind them."""

    @property
    def named(self):
        """The files that it names, as the program does."""
        if self.name in CHANGING_OPEN:
            return _open_file.findall(self.arguments)
        if self.name == "bind":
            return _socket.findall(self.arguments)
        if self.name not in OPENING | CHANGING | LOOKING:
            return []
        return [os.path.normpath(os.path.join("/", folder, name)) for folder, name in _path.findall(self.arguments) if name]

    @property
    def written(self):
        """Those of them that it makes, changes or removes, or may write to afterwards."""
        opens_to_write = self.name == "creat" or self.name in OPENING and re.search(r"\bO_(WRONLY|RDWR|CREAT|TRUNC)\b", self.arguments)
        return self.named if opens_to_write or self.name in CHANGING | CHANGING_OPEN | {"bind"} else []


def calls(lines):
    """The calls of a log, in the order in which they began. One without a name is of another architecture."""
    for line in lines:
        if found := _call.match(line):
            yield Call(*found.groups())
        elif found := _mode.match(line):
            yield Call(found[1], "", found[2])


@cache
def members(name):
    """The system calls of a set such as `@system-service`, with those of the sets in it."""
    if not name.startswith("@"):
        return frozenset({name})
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout.splitlines()[1:]
    return frozenset().union(*(members(word) for line in listed if (word := line.strip()) and not word.startswith("#")))


@cache
def permitted(*values):
    """The calls that SystemCallFilter= leaves (systemd.exec(5)): the first value decides whether what it lists is allowed or denied, a later ~ takes away."""
    left = members("@known") if values[0].startswith("~") else members("@default")
    for value in values:
        listed = frozenset().union(*(members(word.split(":")[0]) for word in value.removeprefix("~").split()))
        left = left - listed if value.startswith("~") else left | listed
    return left


def is_below(path, places):
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)


class Sandbox:
    """The directives of a unit, and what of the unit's machine stands elsewhere in a test."""

    def __init__(self, unit, places=None):
        """- places: where the unit has a file or folder, by where the test has it."""
        self.unit, self.places, self.own = unit.replace("\\\n", " "), places or {}, set()

    @property
    def directives(self):
        service = re.search(r"^\[Service\]$(.*?)(?=^\[|\Z)", self.unit, re.M | re.S)[1]
        return set(re.findall(r"^(\w+)=", service, re.M))

    def values(self, directive):
        """In the order of the unit; an empty one takes back those before it."""
        values = []
        for value in re.findall(rf"^{directive}=(.*)$", self.unit, re.M):
            values = [*values, value] if value else []
        return values

    def is_in_force(self, directive):
        values = self.values(directive)
        return bool(values) and values[-1] not in ("no", "false", "off", "0", "default")

    def words(self, directive):
        return [word for value in self.values(directive) for word in value.split()]

    def place(self, path):
        for here in sorted(self.places, key=len, reverse=True):
            if is_below(path, [here]):
                return self.places[here] + path[len(here):]
        return path

    def named(self, call):
        return [self.place(path) for path in call.named]

    def written(self, call):
        return [self.place(path) for path in call.written]

    def complaints(self, trace):
        """What it would refuse of a program's calls, each once: the directive, and the call."""
        trace = list(trace)
        self.own = {call.thread for call in trace}
        rules = [(directive, rule) for directive, rule in RULES.items() if self.is_in_force(directive)]
        return sorted({(directive, f"{call.name}({call.arguments}") for call in trace for directive, rule in rules if rule(self, call)})


def is_filtered(box, call):
    return bool(call.name) and call.name not in permitted(*box.values("SystemCallFilter"))


def is_foreign(box, call):
    return not call.name


def makes_code(box, call):
    if call.name == "mmap":
        return "PROT_WRITE" in call.arguments and "PROT_EXEC" in call.arguments
    return call.name in ("mprotect", "pkey_mprotect") and "PROT_EXEC" in call.arguments or call.name == "shmat" and "SHM_EXEC" in call.arguments


def speaks_another_family(box, call):
    """socketpair(2) is not restricted. getaddrinfo(3) of glibc asks netlink for the machine's addresses and goes on without them, as if it had some of both
    kinds; getifaddrs(3), which would fail, asks it for the links too."""
    words = box.words("RestrictAddressFamilies")
    if call.name == "socket" and "NETLINK_ROUTE" not in call.arguments:
        family = call.arguments.split(",")[0]
    elif call.name in ("sendmsg", "sendto") and re.search(r"nlmsg_type=RTM_(?!GETADDR\b)", call.arguments):
        family = "AF_NETLINK"
    else:
        return False
    return (family in [word.removeprefix("~") for word in words]) == words[0].startswith("~")


def writes_where_nothing_changes(box, call):
    frozen = {"strict": ["/"], "full": ["/usr", "/boot", "/efi", "/etc"]}.get(box.values("ProtectSystem")[-1], ["/usr", "/boot", "/efi"])
    folders = {"StateDirectory": "/var/lib", "CacheDirectory": "/var/cache", "LogsDirectory": "/var/log", "RuntimeDirectory": "/run"}
    # /dev, /proc and /sys are left to directives of their own.
    left = ["/dev", "/proc", "/sys", *(["/tmp", "/var/tmp"] if box.is_in_force("PrivateTmp") else [])]
    left += [word.lstrip("-+") for word in box.words("ReadWritePaths")]
    left += [f"{root}/{word}" for directive, root in folders.items() for word in box.words(directive)]
    return any(is_below(path, frozen) and not is_below(path, left) for path in box.written(call))


def writes_below(*places):
    return lambda box, call: any(is_below(path, places) for path in box.written(call))


def names_below(*places):
    """Libraries are left out: where this machine's toolchain lies says nothing of the bank's."""
    return lambda box, call: any(is_below(path, places) and not re.search(r"\.so\b", path) for path in box.named(call))


def names_a_device(box, call):
    pseudo = ["/dev/" + name for name in "fd full hugepages log mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero".split()]
    return any(is_below(path, ["/dev"]) and path != "/dev" and not is_below(path, pseudo) for path in box.named(call))


def names_another_process(box, call):
    return any((found := re.match(r"/proc/(\d+)(/|$)", path)) and found[1] not in box.own for path in box.named(call))


def enters_a_namespace(box, call):
    """clone3(2) is answered ENOSYS whatever it asks for, and glibc then takes clone(2)."""
    return call.name == "setns" or call.name in ("clone", "clone3", "unshare") and "CLONE_NEW" in call.arguments


def is_realtime(box, call):
    return call.name == "sched_setscheduler" and bool(re.search(r"SCHED_(FIFO|RR|DEADLINE)", call.arguments))


def lends_its_user(box, call):
    can_set_mode = call.name in OPENING | {"chmod", "fchmod", "fchmodat", "fchmodat2", "mkdir", "mkdirat", "mknod", "mknodat"}
    return can_set_mode and bool(re.search(r"S_IS[UG]ID|\b0[2-7][0-7]{3}\b", call.arguments))


def changes_its_personality(box, call):
    return call.name == "personality" and not re.match(r"(0xffffffff|PER_LINUX)\b[^|]*$", call.arguments)


def calls_any(*names):
    return lambda box, call: any(call.name in members(name) for name in names)


def any_of(*rules):
    return lambda box, call: any(rule(box, call) for rule in rules)


RULES = {
    "SystemCallArchitectures": is_foreign,
    "SystemCallFilter": is_filtered,
    "MemoryDenyWriteExecute": makes_code,
    "RestrictAddressFamilies": speaks_another_family,
    "ProtectSystem": writes_where_nothing_changes,
    "ProtectHome": names_below("/home", "/root", "/run/user"),
    "PrivateDevices": any_of(names_a_device, calls_any("@raw-io")),
    "ProtectClock": any_of(names_below("/dev/rtc", "/dev/rtc0"), calls_any("@clock")),
    "ProtectControlGroups": writes_below("/sys/fs/cgroup"),
    "ProtectHostname": calls_any("sethostname", "setdomainname"),
    "ProtectKernelLogs": any_of(names_below("/dev/kmsg", "/proc/kmsg"), calls_any("syslog")),
    "ProtectKernelModules": any_of(names_below("/lib/modules", "/usr/lib/modules"), calls_any("@module")),
    "ProtectKernelTunables": writes_below("/proc/sys", "/proc/sysrq-trigger", "/proc/fs", "/proc/irq", "/proc/acpi", "/sys"),
    "ProtectProc": names_another_process,
    "RestrictNamespaces": enters_a_namespace,
    "RestrictRealtime": is_realtime,
    "RestrictSUIDSGID": lends_its_user,
    "LockPersonality": changes_its_personality,
}
