"""Under which addresses of this laptop a tablet on its Wi-Fi reaches it. Linux; no packet is sent."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from dvc.island.authority import is_private

_SIOCGIFADDR: Final = 0x8915
# What containers and virtual machines add: no tablet is there.
_INSIDE: Final = ("lo", "docker", "br-", "veth", "virbr", "vmnet", "lxc", "podman", "cni")
_DEVICES: Final = Path("/sys/class/net")


def addresses(chosen: Sequence[IPv4Address] = ()) -> list[IPv4Address]:
    """Those the operator chose, else every private address of this machine: Wi-Fi first, then cables, then others."""
    if chosen:
        return list(chosen)
    found: dict[IPv4Address, int] = {}
    # Listed from files: a hardened service may not ask the kernel's netlink.
    for interface in sorted(entry.name for entry in _DEVICES.iterdir()):
        address = None if interface.startswith(_INSIDE) else _address_of(interface)
        if address is not None and is_private(address) and not address.is_loopback:
            found[address] = _rank(interface)
    # A 169.254 address only says that no router answered.
    return sorted(found, key=lambda address: (address.is_link_local, found[address], address))


def _address_of(interface: str) -> IPv4Address | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:
            return None  # down, or without an IPv4 address
    return IPv4Address(answer[20:24])


def _rank(interface: str) -> int:
    if (_DEVICES / interface / "wireless").exists():
        return 0
    return 1 if (_DEVICES / interface / "device").exists() else 2
