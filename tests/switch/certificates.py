"""Certificates for tests: an authority of our own, and what it signs, good or bad."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """Signs certificates; `file` is its own, for who trusts it."""

    def __init__(self, folder: Path, name: str = "Example Authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        made = _built(self._name, self._name, self._key.public_key(), timedelta(days=30)).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = folder / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def authority(self, folder: Path, name: str) -> "Authority":
        """One below this, whose certificate this one signed."""
        below = Authority(folder, name)
        made = _built(_named(name), self._name, below._key.public_key(), timedelta(days=30)).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        signed = made.sign(self._key, hashes.SHA256())
        below.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return below

    def sign(self, name: str, address: str, good_for: timedelta = DAY) -> tuple[Path, Path]:
        """A certificate for an IP address or a host, and its key. Less than no time: it is over already."""
        key = rsa.generate_private_key(65537, 2048)
        try:
            holder: x509.GeneralName = x509.IPAddress(ip_address(address))
        except ValueError:
            holder = x509.DNSName(address)
        made = _built(_named(name), self._name, key.public_key(), good_for).add_extension(
            x509.SubjectAlternativeName([holder]), critical=False
        )
        certificate, kept = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        signed = made.sign(self._key, hashes.SHA256())
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        kept.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, kept


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _built(
    name: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    good_for: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + good_for)
    )
