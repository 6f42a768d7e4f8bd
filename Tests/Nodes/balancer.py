"""HAProxy in front of the nodes."""

import re
import subprocess
from pathlib import Path

import requests
from conftest import until
from servers import ROOT, free_port


class Balancer:
    """HAProxy with the configuration of deploy/, on the ports of this run."""

    def __init__(self, folder, nodes):
        self.port, self.tls_port = free_port(), free_port()
        certificate = folder / "server.pem"
        made = Path(nodes[0].folder.name) / "tls"
        certificate.write_text((made / "server.pem").read_text() + (made / "server.key").read_text())
        text = (ROOT / "deploy/haproxy.cfg").read_text()
        # Certificates, users, limits and system paths belong to a machine; everything else stays as it is.
        text = re.sub(r"^ *(user|group|chroot|maxconn|log|stats socket|bind :443|http-request redirect) .*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"^( *bind ).*:80$", rf"\g<1>127.0.0.1:{self.port}", text, flags=re.MULTILINE)
        text = text.replace("bind :8443 ssl crt /etc/haproxy/wekeza.pem", f"bind 127.0.0.1:{self.tls_port} ssl crt {certificate}")
        for index, node in enumerate(nodes, 1):
            text = text.replace(f"127.0.0.1:808{index}", f"127.0.0.1:{node.port}").replace(f"port 909{index}", f"port {node.ops_port}")
        self.file = folder / "haproxy.cfg"
        self.file.write_text(text)
        checked = subprocess.run(["haproxy", "-c", "-f", self.file], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self.output = open(folder / "haproxy.log", "w+")
        self.process = subprocess.Popen(["haproxy", "-db", "-f", self.file], stdout=self.output, stderr=subprocess.STDOUT)
        try:
            until(self.answers, seconds=20)
        except AssertionError:
            self.stop()
            raise

    def answers(self):
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/.well-known/openid-configuration", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def printed(self):
        return Path(self.output.name).read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.output.close()
