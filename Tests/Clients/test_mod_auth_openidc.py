"""Apache's mod_auth_openidc, unmodified, as the relying party: an https issuer, RS256, and a certificate of the sandbox's authority at the token endpoint."""

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from authorities import Authority, Identity, der, new_key, pem
from conftest import Customer, Server, engines, eventually, free_port
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

MODULES = Path("/usr/lib/apache2/modules")
if not (MODULES / "mod_auth_openidc.so").exists():
    pytest.skip("mod_auth_openidc is not installed", allow_module_level=True)

CONFIGURATION = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/error.log"
{load}
StartServers 1
DocumentRoot "{folder}/pages"
SSLEngine on
SSLCertificateFile "{folder}/server.pem"
SSLCertificateKeyFile "{folder}/server.key"

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCCABundlePath "{folder}/authority.pem"
OIDCClientID {client_id}
OIDCRedirectURI {address}/account/callback
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid profile email accounts.read"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg RS256
OIDCRemoteUserClaim preferred_username
OIDCPublicKeyFiles partner-rs256#{folder}/rs256.pub
OIDCPrivateKeyFiles partner-rs256#{folder}/rs256.key
OIDCProviderTokenEndpointAuth private_key_jwt
OIDCProviderTokenEndpoint {alias}/oauth2/token
{options}

# The module shows its certificate at the token endpoint alone. The access token is bound to it, so userinfo is asked through a proxy that shows it too.
OIDCProviderUserInfoEndpoint {address}/outgoing/userinfo
SSLProxyEngine on
SSLProxyCACertificateFile "{folder}/authority.pem"
SSLProxyMachineCertificateFile "{folder}/both.pem"
ProxyPass /outgoing/userinfo {alias}/oauth2/userinfo

<Location /account>
    AuthType openid-connect
    Require valid-user
    Options +Includes
    ForceType text/html
    SetOutputFilter INCLUDES
</Location>
"""

LOADED = [
    "mpm_event", "include", "authn_core", "authz_core", "authz_user", "ssl", "socache_shmcb", "proxy", "proxy_http", "auth_openidc"]


def new_signing_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Apache:
    """One that runs as nobody, on a port and in a folder of its own."""

    def __init__(self, bank, app, signing_key, port, *options, presents_certificate=True):
        self.folder = Path(tempfile.mkdtemp(prefix="apache-"))
        self.address, self.authority = f"https://localhost:{port}", str(bank.authority)
        (self.folder / "pages/account").mkdir(parents=True)
        (self.folder / "pages/account/page").write_text("<!--#printenv -->")
        shutil.copy(bank.authority, self.folder / "authority.pem")
        for file in bank.certificate:
            shutil.copy(file, self.folder)
        (self.folder / "rs256.key").write_bytes(private_pem(signing_key))
        (self.folder / "rs256.pub").write_bytes(public_pem(signing_key))
        chain, key = app.identity.write(self.folder)
        (self.folder / "both.pem").write_bytes(pem(app.identity.certificate) + Path(key).read_bytes())
        presents = [f'OIDCClientTokenEndpointCert "{chain}"', f'OIDCClientTokenEndpointKey "{key}"'] if presents_certificate else []
        (self.folder / "apache.conf").write_text(CONFIGURATION.format(
            folder=self.folder, port=port, address=self.address, issuer=bank.server.issuer, alias=bank.alias, client_id=app.client_id,
            passphrase=secrets.token_urlsafe(32), options="\n".join([*presents, *options]),
            load="\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)))
        account = {}
        if os.getuid() == 0:
            account = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, "nobody", "nogroup")
        self.process = subprocess.Popen(
            [shutil.which("apache2", path=os.environ["PATH"] + ":/usr/sbin"), "-f", str(self.folder / "apache.conf"), "-DFOREGROUND"],
            stdout=subprocess.DEVNULL, stderr=(self.folder / "output").open("w"), cwd=self.folder, **account)

    def wait_until_ready(self):
        assert eventually(lambda: self.process.poll() is not None or self.answers()) is not True, (self.folder / "output").read_text() + self.errors

    def answers(self):
        try:
            return requests.get(self.address, verify=self.authority, timeout=2).status_code
        except requests.ConnectionError:
            return None

    @property
    def errors(self):
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else ""

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            shutil.rmtree(self.folder)


class Bank:
    """A server with an https issuer on either listener."""

    def __init__(self, engine, folder):
        authority = Authority("Localhost Authority")
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(pem(authority.certificate))
        self.certificate = authority.issue_server("localhost").write(folder, "server")
        self.server = Server(engine, "--tls-cert", self.certificate[0], "--tls-key", self.certificate[1])
        self.alias = f"https://localhost:{self.server.tls_port}"

    def visitor(self, name, password):
        customer = Customer(name, password)
        # A bundle that the environment names would come before it.
        customer.browser.verify, customer.browser.trust_env = str(self.authority), False
        return customer


class App:
    """A registered relying party with a certificate of the sandbox's authority, which its access tokens are bound to."""

    def __init__(self, bank, signing_key, folder, callback):
        keys = folder / "jwks.json"
        keys.write_text(json.dumps({"keys": [RSAKey.import_key(public_pem(signing_key)).as_dict(private=False, kid="partner-rs256", alg="RS256", use="sig")]}))
        created = bank.server.create_app(
            "Apache partner", "--redirect-uri", callback, "--auth-method", "private_key_jwt", "--jwks", str(keys), "--profile", "oidc-compat",
            "--certificate-bound", "--organisation", "acme-budget", "--grant-types", "authorization_code", "--scopes", "openid profile email accounts.read")
        self.client_id = created["client_id"]
        self.certificates = f"{bank.server.issuer}/portal/apps/{created['app_id']}/certificates"
        self.developer = bank.visitor("developer@example.test", "sandbox-developer")
        self.identity = self.certified()

    def open(self, address):
        page = self.developer.browser.get(address)
        assert page.status_code == 200, page.text
        return page

    def certified(self):
        """What the portal makes of a signing request."""
        page = self.open(self.certificates)
        signed_in = self.developer.submit(page, "password", {"username": self.developer.name, "password": self.developer.password})
        assert signed_in.is_redirect, signed_in.text
        key = new_key()
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        sent = self.developer.submit(self.open(self.certificates), "/certificates", {"pem": request.public_bytes(serialization.Encoding.PEM).decode()})
        assert sent.is_redirect, sent.text
        link = self.link("certificate.pem")
        certificate, *chain = x509.load_pem_x509_certificates(self.open(urljoin(self.certificates, link)).content)
        return Identity(certificate, key, chain)

    def link(self, name):
        return re.search(rf'href="([^"]+/{re.escape(name)})"', self.open(self.certificates).text).group(1)

    def remove_certificate(self):
        link = self.link("remove")
        sent = self.developer.submit(self.open(urljoin(self.certificates, link)), link, {})
        assert sent.is_redirect, sent.text


@pytest.fixture(scope="module", params=engines())
def bank(request, tmp_path_factory):
    running = Bank(request.param, tmp_path_factory.mktemp("bank"))
    yield running
    assert running.server.stop() == 0


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def signing_key():
    return new_signing_key()


@pytest.fixture(scope="module")
def app(bank, signing_key, port, tmp_path_factory):
    return App(bank, signing_key, tmp_path_factory.mktemp("app"), f"https://localhost:{port}/account/callback")


@pytest.fixture
def apache(bank, app, signing_key, port):
    """Starts the relying party, as registered or other than that."""
    started = []

    def start(*options, app=app, key=signing_key, presents_certificate=True):
        started.append(Apache(bank, app, key, port, *options, presents_certificate=presents_certificate))
        started[-1].wait_until_ready()
        return started[-1]
    yield start
    for one in started:
        assert one.stop() == 0


@pytest.fixture
def amina(bank):
    return bank.visitor("amina.traveler", "sandbox")


def visit(apache, customer, decision="approve"):
    """Opens the protected page, answers the bank, and comes back."""
    asked = customer.browser.get(f"{apache.address}/account/page", allow_redirects=False)
    assert asked.status_code == 302 and "code_challenge_method=S256" in asked.headers["Location"], asked.text
    return customer.browser.get(customer.decide(asked.headers["Location"], decision))


def told(page):
    """What the module tells the page behind it."""
    return dict(line.split("=", 1) for line in unescape(page.text).splitlines() if "=" in line)


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_a_customer_signs_in_to_apache(bank, app, apache, amina):
    running = apache()

    page = visit(running, amina)

    assert page.status_code == 200 and page.url == f"{running.address}/account/page", page.text + running.errors
    variables = told(page)
    assert variables["REMOTE_USER"] == "amina.traveler"
    # Of the ID token, whose signature the module checked, and of userinfo.
    assert variables["OIDC_CLAIM_iss"] == bank.server.issuer and variables["OIDC_CLAIM_aud"] == app.client_id and variables["OIDC_CLAIM_nonce"]
    assert variables["OIDC_CLAIM_name"] and variables["OIDC_CLAIM_email"] == "amina.traveler@example.test"

    # The token endpoint saw the certificate: to nobody else is the token of any use.
    token = variables["OIDC_access_token"]
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der(app.identity.certificate)).digest()).rstrip(b"=").decode()
    assert claims(token)["cnf"] == {"x5t#S256": thumbprint}
    call = {"headers": {"Authorization": f"Bearer {token}"}, "verify": str(bank.authority)}
    presented = (str(running.folder / "client.pem"), str(running.folder / "client.key"))
    assert requests.get(f"{bank.alias}/v1/accounts", cert=presented, **call).status_code == 200
    assert requests.get(f"{bank.alias}/v1/accounts", **call).status_code == 401
    # What signed in stays signed in.
    assert "REMOTE_USER=amina.traveler" in amina.browser.get(f"{running.address}/account/page", allow_redirects=False).text


def test_a_token_ends_with_the_certificate_that_the_developer_removes(bank, signing_key, port, apache, amina, tmp_path):
    app = App(bank, signing_key, tmp_path, f"https://localhost:{port}/account/callback")
    running = apache(app=app)
    token = told(visit(running, amina))["OIDC_access_token"]

    def ask(path):
        return requests.get(
            bank.alias + path, cert=(str(running.folder / "client.pem"), str(running.folder / "client.key")), verify=str(bank.authority),
            headers={"Authorization": f"Bearer {token}"})
    assert [ask(path).status_code for path in ("/v1/accounts", "/oauth2/userinfo")] == [200, 200]

    app.remove_certificate()

    assert eventually(lambda: ask("/v1/accounts").status_code == 401)
    for path in ("/v1/accounts", "/oauth2/userinfo"):
        assert "not accepted: not_of_this_app" in ask(path).headers["WWW-Authenticate"]


def refused(running, page):
    """The module's own page of an error, which it answers with any status, and not the protected one."""
    assert "<title>Error</title>" in page.text and "REMOTE_USER" not in page.text, page.text
    assert page.url.startswith(running.address)
    return unescape(page.text)


def test_a_customer_who_declines(apache, amina):
    """By an answer in a form: one in the address this version takes, for its iss (RFC 9207), for the choice of a provider."""
    running = apache("OIDCResponseMode form_post")
    asked = amina.browser.get(f"{running.address}/account/page", allow_redirects=False)

    answer = amina.decide(asked.headers["Location"], "reject")
    page = amina.submit(answer, "/account/callback", {})

    assert "access_denied" in refused(running, page)


def test_a_key_that_is_not_registered(apache, amina):
    running = apache(key=new_signing_key())

    refused(running, visit(running, amina))

    assert "invalid_client" in running.errors


def test_no_certificate_at_the_token_endpoint(apache, amina):
    running = apache(presents_certificate=False)

    refused(running, visit(running, amina))

    assert "invalid_request" in running.errors and "bound to its certificate" in running.errors
