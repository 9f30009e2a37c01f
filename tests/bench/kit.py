"""What a tablet downloads once for a page: the files the service worker keeps of it, as the server sends them (compressed)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.infra.center import BASE

DIST = BASE / "frontend" / "dist"
FONTS = re.compile(r"/fonts-[^/]+\.css$")


def sizes(compression: str) -> dict[str, dict[str, int]]:
    """Of each page, by the end of its address: bytes by path, of the lists in the built worker. `compression`: ".gz" or
    ".br"; what has none counts as it is."""
    worker = (DIST / "sw.js").read_text()
    lists = re.search(r'\{"tablet":\[.*?\]\}', worker)
    assert lists, "sw.js has no lists"
    return {
        page: {name: _sent(DIST / name.removeprefix("/static/dist/"), compression) for name in names}
        for page, names in json.loads(lists[0]).items()
    }


def _sent(file: Path, compression: str) -> int:
    small = file.with_name(file.name + compression)
    return (small if small.exists() else file).stat().st_size


def main() -> None:
    for compression in (".gz", ".br"):
        for page, kept in sizes(compression).items():
            decoder = sum(size for name, size in kept.items() if name.endswith(".wasm"))
            fonts = sum(size for name, size in kept.items() if FONTS.search(name))
            print(
                f"kit of {page}, {compression[1:]}: {(sum(kept.values()) - decoder) / 1000:.0f} kB without the decoder "
                f"(goal ≤ 120; {fonts / 1000:.0f} kB of it the list of font slices), decoder {decoder / 1000:.0f} kB",
                flush=True,
            )


if __name__ == "__main__":
    main()
