"""The engine's machine code is made beside the center's work, and whoever needs it can see when it is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matching.solver import warm
from tests.infra.center import BASE, until


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Of another engine, for which nobody has made machine code."""
    search = tmp_path / "matching" / "solver" / "search"
    search.mkdir(parents=True)
    (search / "moves.py").write_text("from matching.solver.search.jit import compiled\n")
    return search.parent


def made(sources: Path, code: Path) -> None:
    stamp = warm.Engine(sources).stamp()
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(str(code))


def test_it_is_there_only_for_these_sources_and_while_nobody_throws_it_away(
    sources: Path, tmp_path: Path
) -> None:
    assert not warm.Engine(sources).ready
    code = tmp_path / "code"
    made(sources, code)
    assert not warm.Engine(sources).ready, "the stamp is there, the code is not"
    code.mkdir()
    assert warm.Engine(sources).ready
    (sources / "search" / "moves.py").write_text("from matching.solver.search.jit import inner\n")
    assert not warm.Engine(sources).ready, "it is of the sources before"


def test_every_process_means_the_same_file() -> None:
    told = [sys.executable, "-c", "from matching.solver import warm; print(warm.HERE.stamp())"]
    for seed in ("1", "2"):
        said = subprocess.run(
            told, cwd=BASE, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, check=True
        )
        assert Path(said.stdout.decode().strip()) == warm.HERE.stamp()


def test_a_change_of_what_is_not_compiled_makes_nothing_anew(sources: Path) -> None:
    made(sources, sources)
    (sources / "search" / "plan.py").write_text("print('led, not compiled')\n")
    assert warm.Engine(sources).ready


def test_where_it_cannot_be_made_whoever_needs_it_is_told_to_make_it(sources: Path) -> None:
    engine = warm.Engine(sources)
    # There is no such module in this folder; the process that finds it out may have ended before we first ask.
    until(lambda: not engine.begin(), 30, "the end of the process that could not")
    assert not engine.ready


def test_whoever_makes_it_ends_with_the_worker_that_asked(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", "from matching.solver import warm; assert warm.HERE.begin(); print(warm.HERE._child.pid, flush=True); input()"],
        cwd=BASE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.communicate()
    until(lambda: not alive(child), 20, "its end")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_beside_a_worker_it_ends_in_good_order_with_its_work_and_at_once_with_the_worker() -> None:
    told = [sys.executable, "-m", "matching.solver.warm", "--beside"]
    with subprocess.Popen(told, cwd=BASE, stdin=subprocess.PIPE) as working:
        assert working.wait() == 0
    told = [sys.executable, "-c", "from matching.solver import warm; warm._end_with_parent()"]
    with subprocess.Popen(told, cwd=BASE, stdin=subprocess.PIPE) as left:
        assert left.stdin is not None
        left.stdin.close()
        assert left.wait() == 1
