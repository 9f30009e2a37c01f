"""The local authority: trusted for this center and nothing else, and a server certificate that never runs out."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from dvc.island.authority import (
    AUTHORITY_LIFE,
    Authority,
    Files,
    NotOurs,
    ensure,
    fingerprint,
    make_authority,
    make_server,
    read_authority,
)

NAME = "saigai.local"
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ROUTER = IPv4Address("192.168.1.10")
HOTSPOT = IPv4Address("10.42.0.1")


def verify(root: x509.Certificate, leaf: x509.Certificate, subject: str, at: datetime = MORNING) -> bool:
    """As a browser does, with `cryptography`'s own verifier: True, or it raises `VerificationError`."""
    builder = PolicyBuilder().store(Store([root])).time(at)
    is_address = subject.replace(".", "").isdigit()
    name = x509.IPAddress(ip_address(subject)) if is_address else x509.DNSName(subject)
    return builder.build_server_verifier(name).verify(leaf, []) == [leaf, root]


def another_name(authority: Authority, names: list[x509.GeneralName]) -> x509.Certificate:
    """What a thief of the authority's key would sign: a server certificate for other names."""
    key, ours = make_server(authority, [], at=MORNING)
    builder = (
        x509.CertificateBuilder()
        .subject_name(ours.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MORNING - timedelta(days=1))
        .not_valid_after(MORNING + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    for extension in ours.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(authority.key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority(NAME, at=MORNING)


def test_a_browser_that_has_the_authority_trusts_name_and_addresses(authority: Authority) -> None:
    leaf = make_server(authority, [ROUTER, HOTSPOT], at=MORNING)[1]
    for subject in (NAME, str(ROUTER), str(HOTSPOT)):
        verify(authority.certificate, leaf, subject)
    with pytest.raises(VerificationError):
        verify(authority.certificate, leaf, "192.168.1.11")
    with pytest.raises(VerificationError):
        verify(make_authority(NAME, at=MORNING).certificate, leaf, NAME)


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("www.google.com", [x509.DNSName("www.google.com")]),
        ("saigai.local.example.jp", [x509.DNSName("saigai.local.example.jp")]),
        ("8.8.8.8", [x509.IPAddress(ip_address("8.8.8.8"))]),
        (NAME, [x509.DNSName(NAME), x509.DNSName("bank.example.jp")]),
    ],
)
def test_with_a_stolen_authority_key_nobody_can_be_another_site(
    authority: Authority, subject: str, names: list[x509.GeneralName]
) -> None:
    forged = another_name(authority, names)
    with pytest.raises(VerificationError):
        verify(authority.certificate, forged, subject)


def test_the_same_forger_succeeds_for_the_center_itself_so_the_test_above_means_something(
    authority: Authority,
) -> None:
    assert verify(authority.certificate, another_name(authority, [x509.DNSName(NAME)]), NAME)


def test_the_authority_makes_servers_only_and_no_further_authority(authority: Authority) -> None:
    root = authority.certificate.extensions
    basic = root.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert root.get_extension_for_class(x509.NameConstraints).critical
    usage = root.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_cert_sign
    assert not usage.digital_signature
    assert list(root.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    life = authority.certificate.not_valid_after_utc - authority.certificate.not_valid_before_utc
    assert timedelta(days=3600) < life <= AUTHORITY_LIFE


def test_the_server_certificate_keeps_apples_rules(authority: Authority) -> None:
    leaf = make_server(authority, [ROUTER], at=MORNING)[1]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=397)
    assert leaf.not_valid_before_utc < MORNING
    assert isinstance(leaf.signature_hash_algorithm, hashes.SHA256)
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "keys" / "lan")


def served(files: Files) -> x509.Certificate:
    return x509.load_pem_x509_certificate(files.server.read_bytes())


def test_it_is_made_once_and_kept_and_the_keys_belong_to_their_owner_alone(files: Files) -> None:
    assert "made an authority" in ensure(files, NAME, [ROUTER], at=MORNING)
    before = {path: path.read_bytes() for path in files.folder.iterdir()}
    assert ensure(files, NAME, [ROUTER], at=MORNING + timedelta(days=1)) == ""
    assert {path: path.read_bytes() for path in files.folder.iterdir()} == before
    assert {path.name for path in before} == {"authority.pem", "authority.key", "name", "server.pem"}
    assert [path for path in before if stat.S_IMODE(path.stat().st_mode) != 0o600] == []
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700


def test_a_server_certificate_is_renewed_before_and_after_its_end_under_the_same_authority(
    files: Files,
) -> None:
    ensure(files, NAME, [ROUTER], at=MORNING)
    root = read_authority(files).certificate
    first = served(files)
    for too_late in (timedelta(days=-50), timedelta(days=90)):
        day = served(files).not_valid_after_utc + too_late
        assert "ends on" in ensure(files, NAME, [ROUTER], at=day)
        assert read_authority(files).certificate == root
        verify(root, served(files), NAME, day)
    with pytest.raises(VerificationError):
        verify(root, first, NAME, first.not_valid_after_utc + timedelta(days=90))


def test_a_new_address_over_night_gets_into_the_certificate(files: Files) -> None:
    ensure(files, NAME, [ROUTER], at=MORNING)
    assert "lacks the address 10.42.0.1" in ensure(files, NAME, [HOTSPOT], at=MORNING)
    verify(read_authority(files).certificate, served(files), str(HOTSPOT))
    assert ensure(files, NAME, [], at=MORNING) == ""  # the Wi-Fi is down: no reason to make another


def test_a_laptop_whose_clock_fell_back_still_serves_tablets_whose_clocks_are_right(files: Files) -> None:
    ensure(files, NAME, [ROUTER], at=MORNING)
    ensure(files, NAME, [HOTSPOT], at=datetime(2020, 1, 1, tzinfo=UTC))
    assert verify(read_authority(files).certificate, served(files), NAME, MORNING)


def test_another_name_or_a_clock_in_the_far_future_never_replaces_the_authority(files: Files) -> None:
    ensure(files, NAME, [ROUTER], at=MORNING)
    before = files.authority.read_bytes()
    with pytest.raises(NotOurs, match=r"LAN_NAME=saigai\.local"):
        ensure(files, "other.local", [ROUTER], at=MORNING)
    with pytest.raises(NotOurs, match="時計"):
        ensure(files, NAME, [ROUTER], at=MORNING + timedelta(days=4000))
    assert files.authority.read_bytes() == before


def _tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def test_a_torn_server_file_is_made_anew(files: Files) -> None:
    ensure(files, NAME, [ROUTER], at=MORNING)
    _tear(files.server)
    assert "there was none" in ensure(files, NAME, [ROUTER], at=MORNING)
    verify(read_authority(files).certificate, served(files), NAME)


@pytest.mark.parametrize("damage", [_tear, Path.unlink])
def test_a_damaged_authority_is_one_sentence_and_never_replaced(
    files: Files, damage: Callable[[Path], None]
) -> None:
    ensure(files, NAME, [ROUTER], at=MORNING)
    damage(files.authority_key)
    with pytest.raises(NotOurs, match="バックアップから戻して"):
        ensure(files, NAME, [ROUTER], at=MORNING)


def test_a_second_laptop_with_the_same_folder_is_trusted_by_the_same_tablets(
    files: Files, tmp_path: Path
) -> None:
    ensure(files, NAME, [ROUTER], at=MORNING)
    trusted = read_authority(files).certificate
    second = Files(tmp_path / "second" / "lan")
    shutil.copytree(files.folder, second.folder)
    ensure(second, NAME, [HOTSPOT], at=MORNING)
    assert verify(trusted, served(second), NAME)
    assert verify(trusted, served(second), str(HOTSPOT))


def test_the_fingerprint_is_readable_aloud(authority: Authority) -> None:
    text = fingerprint(authority.certificate, hashes.SHA256())
    assert [len(group) for group in text.split()] == [4] * 16
    assert text.replace(" ", "").lower() == authority.certificate.fingerprint(hashes.SHA256()).hex()
