"""Python inside a center's own environment, as `manage.py shell` runs it, in one process that stays.

`python -m tests.infra.shell` answers each line of stdin (code as JSON) with a line of JSON: what the code printed.
Code that raises ends it, with the traceback on stderr.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from dvc.runtime.process import die_with_parent


class Shell:
    """The other end. Starts the process when it is first asked something, and again when it ended."""

    def __init__(self, variables: dict[str, str], log: Path) -> None:
        self.variables, self.log = variables, log
        self.process: subprocess.Popen[str] | None = None

    def run(self, code: str) -> Any:
        """The last line that `code` prints, read as JSON; None when it prints nothing. Raises `RuntimeError`."""
        if self.process is None or self.process.poll() is not None:
            self.process = self._start()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            self.close()
            raise RuntimeError(self.log.read_text(errors="replace"))
        printed = json.loads(answer).strip()
        return json.loads(printed.splitlines()[-1]) if printed else None

    def _start(self) -> subprocess.Popen[str]:
        with self.log.open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.infra.shell"],
                cwd=Path(__file__).resolve().parents[2],
                env=self.variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - nothing but a system call happens there
            )

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            with self.process as process:
                process.kill()
            self.process = None


def main() -> None:
    import django
    from django.contrib.auth.hashers import Argon2PasswordHasher
    from django.db import connections

    django.setup()
    # It takes a third of a second on purpose, and the people who are made here sign in by a link. What it makes says
    # how it was made: the center takes it like any other.
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 8 * Argon2PasswordHasher.parallelism
    for line in sys.stdin:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(json.loads(line), {"__name__": "__main__"})  # noqa: S102 - code of our own tests
        connections.close_all()
        print(json.dumps(printed.getvalue()), flush=True)


if __name__ == "__main__":
    main()
