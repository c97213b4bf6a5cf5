"""A certificate authority of a test's own, and what it signs: for a server on loopback, and for its clients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificates(NamedTuple):
    """Files in PEM.

    Attributes:
        lapsed: the server's as it was until some minutes ago, with the same key.
    """

    authority: Path
    server: Path
    lapsed: Path
    server_key: Path
    client: Path
    client_key: Path


def make_certificates(folder: Path, *names: str) -> Certificates:
    """New ones in this folder, good for an hour; the server's is made out to localhost, 127.0.0.1 and these names."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = Certificates(*(folder / f"{field.replace('_', '-')}.pem" for field in Certificates._fields))
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _builder("authority", key, "authority").add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    _write(authority, key, files.authority)
    for name, certificate, key_file in (
        ("server", files.server, files.server_key),
        ("client", files.client, files.client_key),
    ):
        own = ec.generate_private_key(ec.SECP256R1())
        key_file.write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        _write(_of_host(name, own, names), key, certificate)
        if name == "server":
            _write(_of_host(name, own, names, until=-timedelta(minutes=3)), key, files.lapsed)
    return files


def _write(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, to: Path) -> None:
    to.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _of_host(
    subject: str, key: ec.EllipticCurvePrivateKey, names: Sequence[str], *, until: timedelta = timedelta(hours=1)
) -> x509.CertificateBuilder:
    hosts = [x509.DNSName(name) for name in ("localhost", *names)]
    all_names = x509.SubjectAlternativeName([*hosts, x509.IPAddress(ip_address("127.0.0.1"))])
    return _builder(subject, key, "authority", until=until).add_extension(all_names, critical=False)


def _builder(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, *, until: timedelta = timedelta(hours=1)
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + until)
    )
