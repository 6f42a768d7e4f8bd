"""What a process asked of the kernel, read from strace's log: file writes, syncs, and what it sent."""

import re
import subprocess
from dataclasses import dataclass

# -y names the file behind each descriptor, -xx spells every byte, -T tells how long a call took.
SENDING = "write,writev,sendto,sendmsg"
CALLS = f"fdatasync,fsync,ftruncate,unlink,pwrite64,{SENDING}"
NAMING, PLACED = ("link", "rename", "unlink"), ("ftruncate", "pwrite64", "pwritev")
_line = re.compile(r"^(\d+) +(\d+\.\d+) (.*)$")
_started = re.compile(r"^(\w+)\((.*) <unfinished \.\.\.>$", re.S)
_resumed = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$", re.S)
_whole = re.compile(r"^(\w+)\((.*)$", re.S)
_ending = re.compile(r"= (-?\d+)[^<]*<(\d+\.\d+)>$")
_text = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_file = re.compile(r"^\d+<([^>]*)>")
_offset = re.compile(r", (\d+)\)\s+= -?\d+")


def command(log, calls=CALLS, *options):
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-ttt", "-T", "-y", "-xx", "-s", "70000", "-o", str(log), "-e", f"trace={calls}", *options]


def is_available():
    """Whether a process can be started under strace here."""
    try:
        return subprocess.run(["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def can_attach():
    """Whether a running process can be traced: a system may allow that to root only."""
    if not is_available():
        return False
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with Attached([sleeper.pid], "/dev/null", "trace=none"):
            return True
    except PermissionError:
        return False
    finally:
        sleeper.kill()
        sleeper.wait()


class Attached:
    """strace beside running processes and those that they start; what it injects ends when it detaches."""

    def __init__(self, processes, log, *expressions):
        chosen = [option for process in processes for option in ("-p", str(process))]
        options = [option for expression in expressions for option in ("-e", expression)]
        self.tracer = subprocess.Popen(["strace", "-f", *chosen, "-o", str(log), *options], stderr=subprocess.PIPE, text=True)
        # It says of each that it is attached, or why not: one of several may have ended meanwhile.
        said = [self.tracer.stderr.readline() for _ in processes]
        if not any("attached" in line for line in said):
            self.__exit__()
            raise PermissionError("".join(said))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tracer.terminate()
        self.tracer.wait(20)
        self.tracer.stderr.close()


def syncs_that_end(processes, how):
    """Every sync of theirs ends so, while it lasts."""
    return Attached(processes, "/dev/null", "trace=fdatasync,fsync", f"inject=fdatasync,fsync:{how}")


@dataclass
class Call:
    name: str
    began: float
    ended: float
    file: str
    data: bytes
    """Of `link` and `rename` the new name."""
    offset: int
    """0 where the call has none."""
    result: int


def read(log):
    """The calls in the order in which they ended. One that a kill cut off comes last, as failed: it may have sent what it was to send."""
    open_calls = {}
    for line in open(log, encoding="latin-1"):
        found = _line.match(line.rstrip("\n"))
        if not found:
            continue
        thread, moment, rest = found[1], float(found[2]), found[3]
        if started := _started.match(rest):
            open_calls[thread] = (started[1], moment, started[2])
        elif resumed := _resumed.match(rest):
            if thread in open_calls and _ending.search(resumed[2]):
                name, began, arguments = open_calls.pop(thread)
                yield _call(name, began, moment, arguments + resumed[2])
        elif whole := _whole.match(rest):
            if ending := _ending.search(rest):
                yield _call(whole[1], moment, moment + float(ending[2]), whole[2])
            else:
                open_calls[thread] = (whole[1], moment, whole[2])
    for name, began, arguments in open_calls.values():
        yield _call(name, began, float("inf"), arguments)


def _call(name, began, ended, arguments):
    ending, file, offset = _ending.search(arguments), _file.match(arguments), name in PLACED and _offset.search(arguments)
    texts = [_bytes(text) for text in _text.findall(arguments)]
    if name in NAMING:
        return Call(name, began, ended, texts[0].decode(), b"".join(texts[1:]), 0, int(ending[1]) if ending else -1)
    data = b"".join(texts)
    path = _bytes(file[1]).decode(errors="replace") if file and file[1].startswith("\\x") else file[1] if file else ""
    return Call(name, began, ended, path, data, int(offset[1]) if offset else 0, int(ending[1]) if ending else -1)


def _bytes(text):
    return bytes.fromhex(text.replace("\\x", ""))
