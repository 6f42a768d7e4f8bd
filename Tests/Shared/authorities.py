"""Certificate authorities, what they issue and what they revoke: for tests that stand on the client's side of TLS."""

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import ECKey

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def name(common_name, organisation="Test"):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


class Identity:
    """A certificate and its key, as a client holds them."""

    def __init__(self, certificate, key, chain=()):
        self.certificate, self.key, self.chain = certificate, key, list(chain)

    def write(self, folder, stem="client"):
        """The two files that clients take: the chain, and the key."""
        chain, key = folder / f"{stem}.pem", folder / f"{stem}.key"
        chain.write_bytes(pem(self.certificate) + b"".join(pem(one) for one in self.chain))
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return str(chain), str(key)

    def jwk(self):
        """The public key with its certificate (RFC 7517 §4.7)."""
        public = self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return {**ECKey.import_key(public).as_dict(private=False), "x5c": [base64.b64encode(der(self.certificate)).decode()]}


class Authority:
    """An authority; with an `issuer` it is an intermediate one."""

    def __init__(self, common_name, issuer=None, lasts=365 * DAY):
        self.issuer, self.key = issuer, new_key()
        self.name = name(common_name)
        self.revoked, self.lists = [], 0
        signer = issuer or self
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(signer.name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now() - DAY).not_valid_after(now() + lasts)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
                    key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(signer.key, hashes.SHA256()))

    @property
    def chain(self):
        """What a client sends along: every authority below the root."""
        return [self.certificate, *self.issuer.chain] if self.issuer else []

    def issue(self, common_name, begins=-DAY, ends=DAY, usage=ExtendedKeyUsageOID.CLIENT_AUTH, key=None, hosts=()):
        key = key or new_key()
        builder = (
            x509.CertificateBuilder().subject_name(name(common_name)).issuer_name(self.name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now() + begins).not_valid_after(now() + ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False))
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        return Identity(builder.sign(self.key, hashes.SHA256()), key, self.chain)

    def issue_server(self, host):
        return self.issue(host, usage=ExtendedKeyUsageOID.SERVER_AUTH, hosts=[host])

    def revoke(self, identity):
        self.revoked.append(identity.certificate.serial_number)

    def revocation_list(self, begins=-HOUR, ends=DAY, key=None):
        """The list as it stands, in PEM."""
        self.lists += 1
        builder = (
            x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(now() + begins).next_update(now() + ends)
            .add_extension(x509.CRLNumber(self.lists), critical=False))
        for serial in self.revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now() - HOUR).build())
        return pem(builder.sign(key or self.key, hashes.SHA256()))


def self_signed(common_name):
    key = new_key()
    certificate = (
        x509.CertificateBuilder().subject_name(name(common_name)).issuer_name(name(common_name)).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now() - DAY).not_valid_after(now() + DAY).sign(key, hashes.SHA256()))
    return Identity(certificate, key)
