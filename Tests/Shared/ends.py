"""A server's ends of the connections to it, as the kernel lists them: a client's own end stands before the server has accepted it."""

import os

from servers import eventually


def sockets(server):
    """The inodes of those that the server holds."""
    folder = f"/proc/{server.process.pid}/fd"
    held = set()
    for name in os.listdir(folder):
        try:
            held.add(os.readlink(f"{folder}/{name}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return {link[len("socket:["):-1] for link in held if link.startswith("socket:[")}


def accepted(server, connections):
    """The inodes of the server's ends of these, once it has accepted all of them."""
    ports = {connection.getsockname()[1] for connection in connections}

    def ends():
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in table][1:]
        found = {row[9] for row in rows if int(row[2].split(":")[1], 16) in ports}
        return found & sockets(server)

    found = eventually(lambda: len(ends()) == len(ports) and ends())
    assert found, "the server did not accept them"
    return found
