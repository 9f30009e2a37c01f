"""What a tablet downloads once: the files the service worker keeps, as the server sends them (compressed)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.infra.center import BASE

DIST = BASE / "frontend" / "dist"
FONTS = re.compile(r"/fonts-[^/]+\.css$")


def sizes(compression: str) -> dict[str, int]:
    """Bytes by path, of the list in the built worker. `compression`: ".gz" or ".br"; what has none counts as it is."""
    worker = (DIST / "sw.js").read_text()
    names: list[str] = json.loads(worker[worker.index("[") : worker.index("]") + 1])
    return {name: _sent(DIST / name.removeprefix("/static/dist/"), compression) for name in names}


def _sent(file: Path, compression: str) -> int:
    small = file.with_name(file.name + compression)
    return (small if small.exists() else file).stat().st_size


def main() -> None:
    for compression in (".gz", ".br"):
        kept = sizes(compression)
        decoder = sum(size for name, size in kept.items() if name.endswith(".wasm"))
        fonts = sum(size for name, size in kept.items() if FONTS.search(name))
        print(
            f"kit, {compression[1:]}: {(sum(kept.values()) - decoder) / 1000:.0f} kB without the decoder (goal ≤ 120; "
            f"{fonts / 1000:.0f} kB of it the list of font slices), decoder {decoder / 1000:.0f} kB",
            flush=True,
        )


if __name__ == "__main__":
    main()
