"""The center's own certificate authority and its server certificate. Files and `cryptography` only, no Django.

What keeps a stolen key small: the authority may only name this center (its LAN name, private addresses; critical
name constraints), only servers (extended key usage), and make no further authority (path length 0). What keeps
tablets working: one authority for ten years, which travels in the backup, and a server certificate that is made
anew whenever it would soon end or lacks an address.

Limits looked up: Apple takes at most 825 days from an authority that the user installed, and 398 from the built-in
ones; server certificates need serverAuth and a subjectAltName (support.apple.com 103769, 102028). Browsers enforce
name constraints of installed authorities (Chrome since 112, without a switch since 126).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dvc.core import durable
from dvc.core.env import PRIVATE_NETWORKS

AUTHORITY_LIFE: Final = timedelta(days=3650)
SERVER_LIFE: Final = timedelta(days=397)
RENEW_BEFORE: Final = timedelta(days=60)
# Tablets' clocks differ from ours; a certificate of this minute would not be valid yet on a slow one.
BACKDATED: Final = timedelta(days=2)
_NO_IPV6: Final = IPv6Network("::/0")


class NotOurs(Exception):
    """The authority on disk cannot serve: it is for another name, unreadable, or ended. `str()` in both languages."""


@dataclass(frozen=True)
class Authority:
    """The key and the certificate that tablets install."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def name(self) -> str:
        """The one LAN name it may vouch for."""
        return permitted_name(self.certificate)


def is_private(address: IPv4Address) -> bool:
    """Whether the authority may vouch for this address."""
    return any(address in net for net in PRIVATE_NETWORKS)


def make_authority(name: str, *, at: datetime) -> Authority:
    """A new authority for one LAN name (and its subdomains) and private addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    mark = secrets.token_hex(2).upper()  # told apart in a list of two centers' certificates
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "災害ボランティアセンター"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"災害VC {name[:48]} {mark}"),
        ]
    )
    permitted: list[x509.GeneralName] = [
        x509.DNSName(name),
        *(x509.IPAddress(net) for net in PRIVATE_NETWORKS),
    ]
    builder = (
        _builder(subject, subject, key, at=at, life=AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.NameConstraints(permitted, [x509.IPAddress(_NO_IPV6)]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(key, builder.sign(key, hashes.SHA256()))


def make_server(
    authority: Authority, addresses: Sequence[IPv4Address], *, at: datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A server's key and certificate for the authority's name and these addresses, with a fresh key.

    A laptop whose clock fell back behind the authority's birth gets a certificate from that birth on: the tablets,
    whose clocks are right, must still find it valid.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    root = authority.certificate
    names = [x509.DNSName(authority.name), *(x509.IPAddress(address) for address in sorted(set(addresses)))]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, authority.name[:64])])
    at = max(at, root.not_valid_before_utc + BACKDATED)
    builder = (
        _builder(subject, root.subject, key, at=at, life=SERVER_LIFE, end=root.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    return key, builder.sign(authority.key, hashes.SHA256())


def why_renew(
    server: x509.Certificate, authority: Authority, addresses: Sequence[IPv4Address], *, at: datetime
) -> str:
    """Why the server's certificate has to be made anew, for the log; empty while it will do."""
    if not _is_signed_by(server, authority):
        return "it is of another authority"
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if authority.name not in names.get_values_for_type(x509.DNSName):
        return "it lacks the name"
    missing = set(addresses) - set(names.get_values_for_type(x509.IPAddress))
    if missing:
        return f"it lacks the address {min(missing)}"
    if server.not_valid_after_utc - at < min(RENEW_BEFORE, authority.certificate.not_valid_after_utc - at):
        return f"it ends on {server.not_valid_after_utc:%Y-%m-%d}"
    return ""


def permitted_name(certificate: x509.Certificate) -> str:
    """The LAN name an authority is bound to. Raises `NotOurs` for a certificate of any other kind."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    except x509.ExtensionNotFound:
        names = None
    found = [name.value for name in names or [] if isinstance(name, x509.DNSName)]
    if len(found) != 1:
        raise NotOurs("not an authority of this system / このシステムの認証局ではありません")
    return found[0]


# ── on disk ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Files:
    """Where they lie: one folder inside DATA/keys, so that a backup carries all of it."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate tablets install, PEM. Public."""
        return self.folder / "authority.pem"

    @property
    def authority_key(self) -> Path:
        return self.folder / "authority.key"

    @property
    def name(self) -> Path:
        """The LAN name in plain text, for the settings."""
        return self.folder / "name"

    @property
    def server(self) -> Path:
        """Key and certificate in one file, so that a web server never reads a pair that does not belong together."""
        return self.folder / "server.pem"


def ensure(files: Files, name: str, addresses: Sequence[IPv4Address], *, at: datetime) -> str:
    """Make what is missing, renew what has to be. Returns what was done, in words for the log; empty: nothing.

    Raises `NotOurs` when the authority on disk is for another name, cannot be read, or has ended: never replaces
    it, because every tablet would have to be set up again.
    """
    files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = ""
    if not files.authority.exists():
        authority = make_authority(name, at=at)
        durable.write(files.authority_key, _pem_key(authority.key))
        durable.write(files.name, name.encode())
        durable.write(files.authority, _pem(authority.certificate))
        done = f"made an authority for {name}; "
    authority = read_authority(files)
    if authority.name != name:
        raise NotOurs(
            f"the tablets trust this center as {authority.name}: set LAN_NAME={authority.name}, or move "
            f"{files.folder} away and install the new certificate on every tablet / タブレットはこのセンターを "
            f"{authority.name} という名前で登録しています。LAN_NAME={authority.name} にしてください"
        )
    if at >= authority.certificate.not_valid_after_utc:
        raise NotOurs(
            f"the authority ended on {authority.certificate.not_valid_after_utc:%Y-%m-%d}, or this computer's clock "
            f"is wrong: correct the clock, or move {files.folder} away / "
            "証明書の期限が切れたか、このパソコンの時計が違っています。時計を確かめてください"
        )
    server = _read_server(files)
    why = "there was none" if server is None else why_renew(server, authority, addresses, at=at)
    if why:
        key, certificate = make_server(authority, addresses, at=at)
        durable.write(files.server, _pem_key(key) + _pem(certificate))
        done += f"made a server certificate until {certificate.not_valid_after_utc:%Y-%m-%d} ({why})"
    return done.removesuffix("; ")


def read_authority(files: Files) -> Authority:
    """Raises `NotOurs` when one of the two files is missing or damaged."""
    try:
        certificate = x509.load_pem_x509_certificate(files.authority.read_bytes())
        key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise NotOurs(
            f"{files.folder} cannot be read: restore it from a backup, or move it away / "
            f"{files.folder} を読めません。バックアップから戻してください"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise NotOurs(
            f"the two authority files in {files.folder} do not belong together / 証明書と鍵が合いません"
        )
    return Authority(key, certificate)


def read_certificate(files: Files) -> x509.Certificate | None:
    """What tablets install, or None while there is none."""
    try:
        return x509.load_pem_x509_certificate(files.authority.read_bytes())
    except FileNotFoundError:
        return None


def fingerprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    """Groups of four, as a person compares them: `3F2A 90C1 …`."""
    text = certificate.fingerprint(algorithm).hex().upper()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _read_server(files: Files) -> x509.Certificate | None:
    try:
        content = files.server.read_bytes()
        serialization.load_pem_private_key(content, None)
        return x509.load_pem_x509_certificate(content)
    except (FileNotFoundError, ValueError):
        return None  # torn by a power cut, or never made: either way it is made now


def _is_signed_by(server: x509.Certificate, authority: Authority) -> bool:
    key = server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return key.key_identifier == ours.key_identifier


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    at: datetime,
    life: timedelta,
    end: datetime | None = None,
) -> x509.CertificateBuilder:
    start = (at - BACKDATED).replace(microsecond=0)
    # Both ends count, so a life of exactly 397 days is one second less.
    last = start + life - timedelta(seconds=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(min(last, end) if end else last)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
