"""Run a command with real parts: `python -m tests.infra.run --db postgres --broker -- pytest …`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from types import FrameType

from tests.infra.broker import broker
from tests.infra.postgres import NoPostgres, postgres


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--broker", action="store_true", help="also start a broker and set BROKER_URL")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as parts:
        variables = dict(os.environ)
        variables["DATA"] = variables["DVC_TEST_DATA"] = parts.enter_context(
            tempfile.TemporaryDirectory(prefix="dvc-test-", ignore_cleanup_errors=True)
        )
        variables.pop("DATABASE_URL", None)
        if options.db == "postgres":
            try:
                variables["DATABASE_URL"] = parts.enter_context(postgres())
            except NoPostgres as error:
                return _refuse(str(error))
        if options.broker:
            variables["BROKER_URL"] = parts.enter_context(broker())
        return subprocess.run(options.command, env=variables, check=False).returncode


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
