"""`manage.py up` keeps all parts alive, whatever dies, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.center import SECONDS_TO_WAIT, SIGNS, RunningCenter, center, free_port, until
from tests.infra.locks import stopped
from tests.infra.processes import alive, children, dead_children, family, opened_by
from tests.infra.template import migrated_sqlite

pytestmark = [pytest.mark.parts, pytest.mark.center]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCenter]:
    with center(tmp_path_factory.mktemp("center")) as started:
        yield started


@pytest.fixture
def running(installed: RunningCenter) -> RunningCenter:
    """One center for the tests of this file, up and healthy whatever the last one did to it."""
    if installed.process.poll() is not None:
        installed.start()
    installed.wait_until_ready()
    return installed


def test_everything_is_up_once_healthz_says_so(running: RunningCenter) -> None:
    status, body = running.health()
    assert status == 200
    assert {body[part] for part in ("database", "broker", "worker", "sweeper")} == {"ok"}
    assert body["missing"] == []
    assert body["version"]
    assert all(running.child(name) for name in SIGNS)


def test_it_prints_the_address_and_a_link_that_signs_in_once(running: RunningCenter) -> None:
    link = running.sign_in_link()
    assert link.startswith(running.address)
    assert "ready after" in running.printed()
    path = link.removeprefix(running.address)
    first, second = running.get(path), running.get(path)
    assert first is not None
    assert second is not None
    assert first[0] in {200, 302}
    assert second[0] < 500


def test_the_supervisor_has_one_thread_no_database_and_no_dead_child(running: RunningCenter) -> None:
    """What it had open, every part would have a share in."""
    running.sign_in_link()
    pid = running.process.pid

    def strange() -> list[str]:
        return [name for name in opened_by(pid) if "sqlite3" in name or "socket" in name]

    # Its own question to /healthz is a socket for a moment, and the printer of the link takes one to end.
    until(lambda: not strange() and not dead_children(pid), 30, f"{strange()} {dead_children(pid)}")
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    assert not [name for name in opened_by(pid) if "sqlite3" in name]
    assert "dvc-center" not in children(pid).values()


@pytest.mark.parametrize("name", list(SIGNS))
def test_a_part_that_is_killed_comes_back(running: RunningCenter, name: str) -> None:
    old = running.kill(name)
    assert running.wait_for_another(name, old) != old
    assert until(running.is_healthy, what=f"not healthy after the death of {name}: {running.health()}")


def test_a_dead_broker_is_told_and_no_page_waits_for_it(running: RunningCenter) -> None:
    with running.stopped("broker"):
        start = time.monotonic()
        status, body = running.health()
        assert time.monotonic() - start < 2
        assert status == 503
        assert body["broker"] == "missing"
        assert "broker" in body["missing"]
        assert body["database"] == "ok"
    until(running.is_healthy)


def test_a_second_start_on_the_same_data_is_refused_with_a_sentence(running: RunningCenter) -> None:
    second = RunningCenter(running.data, free_port(), running.log.with_name("second.log"))
    second.start()
    assert second.process.wait(SECONDS_TO_WAIT) == 1
    assert f"already running (process {running.process.pid})" in second.printed()
    assert "すでに動いています" in second.printed()
    assert "Traceback" not in second.printed()
    assert running.is_healthy()


def test_what_is_secret_belongs_to_its_owner_alone(running: RunningCenter) -> None:
    assert (running.data / "secret_key").stat().st_mode & 0o077 == 0
    assert running.data.stat().st_mode & 0o077 == 0
    assert (running.data / "broker").stat().st_mode & 0o077 == 0


def test_ctrl_c_stops_the_web_first_the_broker_last_and_leaves_nobody(running: RunningCenter) -> None:
    everyone = family(running.process.pid)
    before = len(running.printed())
    assert running.stop(signal.SIGINT) == 0
    assert not [pid for pid in everyone if alive(pid)]
    printed = running.printed()[before:]
    assert printed.index("Warm shutdown") < printed.index("Received SIGTERM scheduling shutdown")
    assert "does not stop" not in printed
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", running.port)) != 0


def test_a_broker_file_that_cannot_be_read_is_set_aside(installed: RunningCenter) -> None:
    assert installed.stop() == 0
    files = list((installed.data / "broker" / "appendonlydir").glob("*.manifest"))
    assert files
    files[0].write_text("this is no manifest\n")
    before = len(installed.printed())
    installed.start()
    installed.wait_until_ready()
    assert list((installed.data / "broker").glob("unreadable-*"))
    printed = installed.printed()[before:]
    assert "ブローカーのファイルが読めないため、空にして始めます。記録は失われません。" in printed
    assert "Traceback" not in printed
    assert "はじめての起動" not in printed


def test_kill_9_of_the_supervisor_leaves_no_orphan_and_the_next_start_works(running: RunningCenter) -> None:
    everyone = family(running.process.pid)
    assert len(everyone) >= len(SIGNS) + 2  # gunicorn has a child of its own
    running.process.kill()
    running.process.wait()
    until(lambda: not [pid for pid in everyone if alive(pid)], what="an orphan is left")
    running.start()
    running.wait_until_ready()
    assert running.is_healthy()


def test_two_matching_workers_are_kept_up_and_leave_with_the_others(tmp_path: Path) -> None:
    with center(tmp_path, MATCHING_WORKERS="2") as two:
        before = _thinkers(two)
        assert len(before) == 2
        os.killpg(max(before), signal.SIGKILL)
        until(lambda: len(_thinkers(two)) == 2 and _thinkers(two) != before)
        last = _thinkers(two)
        with stopped(max(last), two.database):
            # Each is asked for itself: who works does not speak for who hangs.
            until(lambda: sorted(seconds > 25 for seconds in _pulses(two)) == [False, True])
    assert not any(alive(pid) for pid in last)


def _pulses(running: RunningCenter) -> list[float]:
    """Seconds since each of the matching workers showed life."""
    ages = running.health()[1]["seconds_since"]
    return [seconds for name, seconds in ages.items() if name.startswith("worker.matching.")]


def _thinkers(running: RunningCenter) -> set[int]:
    """The process ids of the matching workers."""
    return {pid for pid, name in children(running.process.pid).items() if SIGNS["matching"] in name}


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    url = f"postgres://dvc@127.0.0.1:{free_port()}/dvc"
    started = RunningCenter(tmp_path / "data", free_port(), tmp_path / "up.log", {"DATABASE_URL": url})
    started.start()
    assert started.process.wait(SECONDS_TO_WAIT) == 1
    assert "The database does not answer" in started.printed()
    assert "データベースにつながりません" in started.printed()
    assert "Traceback" not in started.printed()


def test_a_first_start_says_that_it_makes_the_database(tmp_path: Path) -> None:
    """Minutes on a slow laptop, in which nothing else is printed."""
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    started = RunningCenter(tmp_path / "data", free_port(), tmp_path / "up.log", {"DATABASE_URL": url})
    started.start()
    try:
        until(started.printed)
    finally:
        # Before it is up it has no rule for Ctrl-C, which whoever started us may ignore.
        started.stop(signal.SIGTERM)
    first, *_ = started.printed().splitlines()
    assert first.startswith("center   | making the database")
    assert "はじめての起動は、数分かかることがあります" in first


def test_a_database_that_forgets_in_a_power_cut_is_refused(tmp_path: Path) -> None:
    from tests.infra.postgres import postgres

    with postgres() as url:
        careless = "-c%20synchronous_commit%3Doff"
        variables = {"DATABASE_URL": f"{url}&options={careless}"}
        started = RunningCenter(tmp_path / "data", free_port(), tmp_path / "up.log", variables)
        started.start()
        assert started.process.wait(SECONDS_TO_WAIT) == 1
        assert "synchronous_commit=off" in started.printed()


def test_a_port_in_use_does_not_end_the_center(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        started = RunningCenter(tmp_path / "data", taken.getsockname()[1], tmp_path / "up.log")
        started.data.mkdir(mode=0o700)
        shutil.copy(migrated_sqlite(), started.data)
        started.start()
        try:
            until(lambda: "in use" in started.printed(), what="the taken port is not told")
            assert started.process.poll() is None
            taken.close()
            started.wait_until_ready()
        finally:
            started.stop()


def test_nobody_reading_the_output_does_not_stop_the_center(tmp_path: Path) -> None:
    """A paused terminal: the pipe is full and stays full."""
    started = RunningCenter(tmp_path / "data", free_port(), tmp_path / "up.log")
    read, write = os.pipe()
    try:
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(write, True)
        started.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            env=started.environment(),
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=write,
            start_new_session=True,
        )
        started.log.touch()
        started.wait_until_ready()
        assert len(children(started.process.pid)) >= len(SIGNS)
    finally:
        started.stop()
        os.close(read)
        os.close(write)
