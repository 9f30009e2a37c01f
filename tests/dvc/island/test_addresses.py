"""Which addresses tablets use, and that they find the name."""

from __future__ import annotations

import secrets
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from zeroconf import (  # type: ignore[attr-defined]  # the resolver is public, but left out of __all__
    AddressResolverIPv4,
    IPVersion,
    NonUniqueNameException,
    Zeroconf,
)

from dvc.island import addresses
from dvc.island.announce import announce

HERE = IPv4Address("127.0.0.1")


def machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, interfaces: dict[str, tuple[str, str | None]]
) -> None:
    """A laptop with these interfaces: name → (what the kernel lists in its folder, its address)."""
    for name, (entry, _) in interfaces.items():
        (folder / name).mkdir()
        if entry:
            (folder / name / entry).mkdir()
    monkeypatch.setattr(addresses, "_DEVICES", folder)
    given = {name: IPv4Address(found) for name, (_, found) in interfaces.items() if found}
    monkeypatch.setattr(addresses, "_address_of", given.get)


def test_wifi_comes_before_cables_and_what_no_tablet_reaches_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(
        tmp_path,
        monkeypatch,
        {
            "lo": ("", "127.0.0.1"),
            "docker0": ("", "172.17.0.1"),
            "enp1s0": ("device", "10.0.0.7"),
            "wlan0": ("wireless", "192.168.1.10"),
            "wlan1": ("wireless", None),
            "usb0": ("device", "169.254.9.9"),  # no router answered there
            "wwan0": ("device", "203.0.113.7"),  # the internet itself
            "tun0": ("", "10.8.0.2"),
        },
    )
    found = [str(address) for address in addresses.addresses()]
    assert found == ["192.168.1.10", "10.0.0.7", "10.8.0.2", "169.254.9.9"]
    assert addresses.addresses([HERE]) == [HERE]


def test_this_machine_is_asked_without_an_error() -> None:
    assert HERE not in addresses.addresses()


@pytest.mark.long
def test_a_tablet_finds_the_name_and_a_second_computer_may_not_take_it() -> None:
    name = f"saigai-{secrets.token_hex(4)}.local"
    line = announce([HERE], name=name, port=8443)
    tablet = Zeroconf(interfaces=[str(HERE)], ip_version=IPVersion.V4Only)
    try:
        asked = AddressResolverIPv4(f"{name}.")
        assert asked.request(tablet, 10_000)
        assert asked.parsed_addresses() == [str(HERE)]
        # At another address, as a second computer is: of two sockets at one address either may get the answer.
        with pytest.raises(NonUniqueNameException):
            announce([IPv4Address("127.0.0.2")], name=name, port=8443)
    finally:
        tablet.close()
        line.close()
