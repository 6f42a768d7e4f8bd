"""HAProxy in front of the nodes."""

import re
import socket
import subprocess
from pathlib import Path

import requests
from conftest import in_turns, until
from servers import ROOT, eventually, free_port


def has_ipv6():
    """Whether this machine has the loopback address of IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class Balancer:
    """HAProxy with the configuration of deploy/, on the ports of this run and with the nodes' certificate.
    `port` is what 443 is in the configuration, `plain_port` 80 and `tls_port` 8443. Whatever asks a node may ask the balancer."""

    def __init__(self, folder, nodes):
        self.port, self.plain_port, self.tls_port = free_port(), free_port(), free_port()
        self.address, self.issuer = f"https://127.0.0.1:{self.port}", nodes[0].issuer
        self.made = Path(nodes[0].folder.name) / "tls"
        self.authority = str(self.made / "authority.pem")
        self.file = folder / "haproxy.cfg"
        self.file.write_text(self.configuration(folder, nodes))
        checked = subprocess.run(["haproxy", "-c", "-f", self.file], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self.output = open(folder / "haproxy.log", "w+")
        self.process = subprocess.Popen(["haproxy", "-db", "-f", self.file], stdout=self.output, stderr=subprocess.STDOUT)
        try:
            until(self.answers, seconds=20)
        except AssertionError:
            self.stop()
            raise

    def configuration(self, folder, nodes):
        """Certificates, users, limits and system paths belong to a machine; everything else stays as it is."""
        certificate = folder / "server.pem"
        certificate.write_text((self.made / "server.pem").read_text() + (self.made / "server.key").read_text())
        text = (ROOT / "deploy/haproxy.cfg").read_text()
        text = re.sub(r"^ *(user|group|chroot|maxconn|stats socket) .*\n", "", text, flags=re.MULTILINE)
        # Beside what the process says itself.
        text, times = re.subn("log /dev/log local0", "log stdout format raw local0", text)
        assert times == 1, "the configuration names one log"
        text = text.replace("/etc/haproxy/wekeza.pem", str(certificate))
        for shipped, port in (80, self.plain_port), (443, self.port), (8443, self.tls_port):
            places = f"127.0.0.1:{port},::1:{port}" if has_ipv6() else f"127.0.0.1:{port}"
            text, times = re.subn(rf"bind :{shipped},:::{shipped} v6only\b", f"bind {places} v6only", text)
            assert times == 1, f"the configuration listens on {shipped} in one place"
        for index, node in enumerate(nodes, 1):
            text = text.replace(f"127.0.0.1:808{index}", f"127.0.0.1:{node.port}").replace(f"port 909{index}", f"port {node.ops_port}")
        # HAProxy believes in a node that is not there until it has looked twice.
        return re.sub(r"^ *server .* 127\.0\.0\.1:808[12] .*\n", "", text, flags=re.MULTILINE)

    def ask(self, path, **options):
        return requests.get(self.address + path, verify=self.authority, timeout=20, **options)

    def curl(self, times, path, *arguments):
        """Asks so many times at once, over one connection where HTTP/2 is agreed upon.
        Returns the version and status of each answer."""
        # Curl counts in the fragment, which it does not send.
        asked = subprocess.run(
            ["curl", "-sS", "--parallel", "--http2", "--cacert", self.authority, "-o", "/dev/null", "-w", "%{http_version} %{response_code}\n", *arguments,
             f"{self.address}{path}#[1-{times}]"],
            capture_output=True, text=True, timeout=60)
        assert asked.returncode == 0, asked.stderr
        return asked.stdout.splitlines()

    def introduce(self, session):
        """The session trusts the balancer's certificate, and sends here what it has for the issuer's address."""
        # The machine's environment may name authorities, and would be heard before the session.
        session.trust_env, session.verify = False, self.authority
        return in_turns(session, [self])

    def answers(self):
        try:
            return self.ask("/.well-known/openid-configuration").status_code == 200
        except requests.RequestException:
            return False

    def printed(self):
        return Path(self.output.name).read_text()

    def logged(self, answer):
        """The line of the log that ends with the answer's id: written behind the answer, once."""
        [line] = eventually(lambda: [line for line in self.printed().splitlines() if line.endswith(f" {answer.headers['X-Request-Id']}")])
        return line

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.output.close()
