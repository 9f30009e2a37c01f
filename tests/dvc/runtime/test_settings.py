"""Settings refuse what they cannot use, in a sentence that says what to do."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dvc.core.env import LONGEST_SOCKET_PATH, Env, WrongSetting, broker_socket, own_hosts
from tests.infra.center import BASE

WRONG = {
    "DATABASE_URL": [
        "mysql://127.0.0.1/dvc",
        "postgres://127.0.0.1",
        "postgres://h:port/dvc",
        "db.sqlite3",
        "postgres://h/dvc?prepare_threshold=x",
    ],
    "BROKER_URL": ["amqp://127.0.0.1", "redis://", "broker"],
    "PORT": ["eighty", "0", "65536", "8000.5", "-1", "８０８０"],
    "ALLOWED_HOSTS": ["http://center.example.jp", "a b", ","],
    "DEBUG": ["maybe", "2"],
    "HTTPS": ["https"],
    "SECRET_KEY": ["short"],
    "TRUSTED_ORIGINS": ["center.example.jp"],
    "MAP_TILE_URL": ["//tiles.example.jp", "https://tiles.example.jp; script-src *"],
    "WEB_THREADS": ["many", "0"],
    "TIME_ZONE": ["Tokyo", "../etc/passwd"],
    "LOG_LEVEL": ["LOUD"],
    "LAN_NAME": ["saigai", "192.168.1.10", "災害.local", "a b.local", "-x.local"],
    "LAN_ADDRESS": ["8.8.8.8", "saigai.local", "192.168.1.300", "10.0.0.1,203.0.113.1"],
    "HTTPS_PORT": ["443.5", "0"],
    "BIND": ["http://0.0.0.0", "0.0.0.0:80", "here or there"],
}


def manage(data: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {"PATH": os.environ["PATH"], "DATA": str(data)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_a_wrong_value_is_named_with_a_way_out_in_both_languages(
    name: str, value: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import dvc.settings"],
        env={"PATH": os.environ["PATH"], "DATA": str(tmp_path), name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    english, japanese = done.stderr.strip().splitlines()[-2:]
    assert f"{name} " in english
    assert f"for example {name}=" in english
    assert f"設定 {name} " in japanese
    assert f"例: {name}=" in japanese


def test_manage_py_shows_the_sentence_and_no_traceback(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", PORT="eighty")
    assert done.returncode == 1
    assert done.stderr.startswith("PORT must be a whole number from 1 to 65535")
    assert "Traceback" not in done.stderr


def test_the_value_itself_is_never_repeated(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", DATABASE_URL="mysql://dvc:hunter2secret@127.0.0.1/dvc")
    assert done.returncode == 1
    assert "hunter2secret" not in done.stdout + done.stderr


def test_an_empty_value_counts_as_not_set() -> None:
    assert Env({"PORT": " "}).integer("PORT", 8000, low=1, high=65535) == 8000
    assert Env({"DEBUG": ""}).flag("DEBUG") is False


def test_data_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("")
    with pytest.raises(WrongSetting, match="DATA"):
        Env({"DATA": str(file)}).folder("DATA", tmp_path)


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    first = Env({}).secret("SECRET_KEY", path)
    assert len(first) >= 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Env({}).secret("SECRET_KEY", path) == first
    assert [other.name for other in path.parent.iterdir()] == ["secret_key"]


def test_many_processes_at_once_agree_on_the_secret_key(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from dvc.core.env import Env;"
        "print(Env({}).secret('SECRET_KEY', pathlib.Path(sys.argv[1]) / 'secret_key'))"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert len({racer.communicate()[0] for racer in racers}) == 1


def test_sqlite_is_the_default_and_set_to_lose_nothing(tmp_path: Path) -> None:
    database = Env({}).database("DATABASE_URL", tmp_path)
    assert database["NAME"] == tmp_path / "db.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in database["OPTIONS"]["init_command"]
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_a_postgres_url_is_taken_apart(tmp_path: Path) -> None:
    url = "postgres://dv%40c:p%2Fw@db.example.jp:6543/center?sslmode=require"
    database = Env({"DATABASE_URL": url}).database("DATABASE_URL", tmp_path)
    assert (database["USER"], database["PASSWORD"], database["NAME"]) == ("dv@c", "p/w", "center")
    assert (database["HOST"], database["PORT"]) == ("db.example.jp", "6543")
    assert database["OPTIONS"]["sslmode"] == "require"
    assert "synchronous_commit=on" in database["OPTIONS"]["options"]
    assert database["OPTIONS"]["prepare_threshold"] == 3
    pooled = Env({"DATABASE_URL": f"{url}&prepare_threshold=off"}).database("DATABASE_URL", tmp_path)
    assert pooled["OPTIONS"]["prepare_threshold"] is None


def test_a_long_data_path_still_gives_a_socket_the_kernel_accepts() -> None:
    data = Path("/srv/dvc")
    deep = data.joinpath(*["a-rather-long-folder-name"] * 6)
    assert broker_socket(data) == data / "broker" / "broker.sock"
    assert len(str(broker_socket(deep))) <= LONGEST_SOCKET_PATH
    assert broker_socket(deep) != broker_socket(deep / "other")


def test_a_center_on_the_lan_may_be_asked_by_its_address() -> None:
    assert own_hosts("127.0.0.1") == ["localhost", "127.0.0.1", "[::1]"]
    assert "192.168.1.10" in own_hosts("192.168.1.10")


def test_every_setting_has_its_line_in_the_example_file() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (BASE / "dvc" / "settings.py").read_text()))
    told = set(re.findall(r"^#([A-Z_]+)=", (BASE / "deploy" / "env.example").read_text(), re.MULTILINE))
    assert read == told
