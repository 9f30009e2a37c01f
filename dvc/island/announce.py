"""Answers for the LAN name on the Wi-Fi (multicast DNS), so that tablets find this laptop under any address.

The name matters more than it looks: a browser keeps a tablet's unsent records by name. Under a new address alone the
tablet would open an empty page beside the full one. A process of its own, kept alive by the supervisor.
"""

from __future__ import annotations

import signal
import sys
import threading
from ipaddress import IPv4Address

from zeroconf import IPVersion, NonUniqueNameException, ServiceInfo, Zeroconf

from dvc import settings
from dvc.island.addresses import addresses

LOOK_EVERY = 10.0
SERVICE = "_https._tcp.local."


def announce(found: list[IPv4Address], *, name: str, port: int) -> Zeroconf:
    """Answer for `name` on the interfaces of these addresses, until closed.

    Raises `NonUniqueNameException` when another computer answers already: with two centers of one name a tablet
    would send to either.
    """
    info = ServiceInfo(
        SERVICE,
        f"{name.removesuffix('.local')}.{SERVICE}",
        addresses=[address.packed for address in found],
        port=port,
        server=f"{name}.",
    )
    line = Zeroconf(interfaces=[str(address) for address in found], ip_version=IPVersion.V4Only)
    try:
        line.register_service(info)
    except NonUniqueNameException:
        line.close()
        raise
    return line


def main() -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    line: Zeroconf | None = None
    told: list[IPv4Address] = []
    while not stop.is_set():
        found = addresses(settings.LAN_ADDRESS)
        if found != told or (line is None and found):
            if line is not None:
                line.close()
            line, told = None, found
            try:
                line = announce(found, name=settings.LAN_NAME, port=settings.HTTPS_PORT) if found else None
            except NonUniqueNameException:
                print(
                    f"another computer already answers to {settings.LAN_NAME}: stop the center on it / "
                    f"別のパソコンが {settings.LAN_NAME} を名乗っています。そちらのセンターを止めてください",
                    flush=True,
                )
            except OSError as error:
                print(f"the name cannot be announced: {error}", flush=True)
            else:
                print(f"{settings.LAN_NAME} is {', '.join(map(str, found)) or 'on no network'}", flush=True)
        stop.wait(LOOK_EVERY)
    if line is not None:
        line.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
