"""Typed readers for settings that come from the environment.

Each reader returns a checked value or raises `WrongSetting`, whose text is one English and one
Japanese sentence: which variable, what is wrong with it, and a value that would work. The value
itself is never repeated, since it may hold a password.
"""

import os
import re
import secrets
import socket
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dvc.core import durable

# A unix socket's path may be 107 bytes long on Linux; kept below for the broker's temporary names.
LONGEST_SOCKET_PATH = 100
LINE_LASTS = 600  # seconds that a thread keeps its line to PostgreSQL

# Addresses a machine has behind a router of its own, or for itself alone.
PRIVATE_NETWORKS = tuple(
    IPv4Network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
)

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


class WrongSetting(ValueError):
    """A setting cannot be used. `str()` of it is what the operator is shown."""

    def __init__(self, name: str, english: str, japanese: str, example: str) -> None:
        self.name = name
        super().__init__(
            f"{name} {english}; for example {name}={example}\n設定 {name} {japanese}。例: {name}={example}"
        )


class Env:
    """Reads one mapping of variables (normally `os.environ`). An empty value counts as not set."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self.variables: Mapping[str, str] = os.environ if variables is None else variables

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding spaces, or `default`."""
        return self.variables.get(name, "").strip() or default

    def flag(self, name: str, default: bool = False) -> bool:
        """1/true/yes/on or 0/false/no/off, in any case."""
        value = self.text(name).lower()
        if not value:
            return default
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise WrongSetting(name, "must be on or off", "は on か off にしてください", "off")

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        value = self.text(name)
        if not value:
            return default
        if not re.fullmatch(r"-?[0-9]{1,12}", value) or not low <= int(value) <= high:
            raise WrongSetting(
                name,
                f"must be a whole number from {low} to {high}",
                f"は {low} から {high} までの整数にしてください",
                str(default),
            )
        return int(value)

    def names(self, name: str, default: list[str], *, pattern: str, example: str) -> list[str]:
        """A comma-separated list, each part matching `pattern` as a whole."""
        value = self.text(name)
        if not value:
            return default
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not parts or not all(re.fullmatch(pattern, part) for part in parts):
            raise WrongSetting(
                name,
                "has a part that cannot be used",
                "に使えない部分があります。カンマで区切って書いてください",
                example,
            )
        return parts

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path that is, or can become, a folder."""
        value = self.text(name)
        path = (Path(value).expanduser() if value else default).absolute()
        if "\0" in str(path) or (path.exists() and not path.is_dir()):
            raise WrongSetting(
                name,
                "must be a folder, but a file of that name exists",
                "はフォルダーにしてください。同じ名前のファイルがあります",
                "./data",
            )
        return path

    def secret(self, name: str, path: Path) -> str:
        """The value, or else the content of `path`, made on first use and readable by its owner only.

        Made on first use by whichever process comes first, so that no two processes ever sign
        with different keys.
        """
        value = self.text(name)
        if value:
            if len(value) < 32:
                raise WrongSetting(
                    name,
                    "must have at least 32 characters",
                    "は 32 文字以上にしてください",
                    "$(openssl rand -hex 32)",
                )
            return value
        try:
            return _read_or_make_secret(path)
        except OSError as error:
            raise WrongSetting(
                "DATA",
                f"must be a folder this user may write to ({error.strerror})",
                "は書き込めるフォルダーにしてください",
                "./data",
            ) from error

    def passphrase(self, name: str) -> str:
        """Words that open the backups, or nothing."""
        value = self.text(name)
        if value and len(value) < 16:
            raise WrongSetting(
                name,
                "must have at least 16 characters",
                "は 16 文字以上にしてください",
                "four-words-nobody-else-says",
            )
        return value

    def database(self, name: str, data: Path) -> dict[str, Any]:
        """Django's DATABASES["default"]: SQLite in `data` unless a postgres:// URL says otherwise."""
        value = self.text(name)
        if not value:
            return sqlite(data / "db.sqlite3")
        example = "postgres://user:password@127.0.0.1:5432/dvc"
        try:
            url = urlsplit(value)
            port = url.port
        except ValueError as error:
            raise WrongSetting(name, "is not a URL", "は URL の形で書いてください", example) from error
        if url.scheme == "sqlite" and url.path.strip("/"):
            return sqlite(Path(unquote(url.path)))
        database = unquote(url.path.lstrip("/"))
        if url.scheme not in {"postgres", "postgresql"} or not database:
            raise WrongSetting(
                name,
                "must be a postgres:// URL with a database name",
                "は postgres:// で始まり、データベース名で終わる URL にしてください",
                example,
            )
        options = dict(parse_qsl(url.query))
        prepare = options.pop("prepare_threshold", "3")
        if not re.fullmatch(r"[0-9]{1,4}|off", prepare):
            raise WrongSetting(
                name,
                "has a prepare_threshold that is neither a number nor off",
                "の prepare_threshold は、数か off にしてください",
                f"{example}?prepare_threshold=off",
            )
        return postgres(
            database,
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
            host=options.pop("host", unquote(url.hostname or "")),
            port=str(port or options.pop("port", "")),
            options=options,
            prepare_after=None if prepare == "off" else int(prepare),
        )

    def broker(self, name: str, data: Path) -> str:
        """A redis URL; by default the socket of the embedded broker in `data`."""
        value = self.text(name)
        if not value:
            return f"redis+socket://{broker_socket(data)}"
        if not re.match(r"(rediss?://[^/]+|redis\+socket:///.+)", value):
            raise WrongSetting(
                name,
                "must be a redis:// URL (also for Valkey)",
                "は redis:// で始まる URL にしてください（Valkey も同じです）",
                "redis://127.0.0.1:6379/0",
            )
        return value

    def one_of(self, name: str, default: str, choices: frozenset[str]) -> str:
        """One of `choices`, in any case."""
        value = self.text(name, default).upper()
        if value not in choices:
            words = ", ".join(sorted(choices))
            raise WrongSetting(name, f"must be one of {words}", f"は {words} のどれかにしてください", default)
        return value

    def time_zone(self, name: str, default: str) -> str:
        """A name of the time zone database."""
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise WrongSetting(
                name, "is not a known time zone", "は時間帯の名前にしてください", default
            ) from error
        return value

    def address(self, name: str, default: str) -> str:
        """An address of this machine to listen on."""
        value = self.text(name, default)
        if not re.fullmatch(r"[A-Za-z0-9.-]+", value):
            raise WrongSetting(
                name,
                "must be an address of this machine, without a port",
                "はこの機械のアドレスにしてください（ポート番号は PORT に書きます）",
                "0.0.0.0",
            )
        return value

    def lan_name(self, name: str, kept: Path, default: str) -> str:
        """A host name for a local network: the value, or what the file `kept` says, or `default`.

        Raises `WrongSetting` for anything but a name of two parts or more, letters, digits and hyphens.
        """
        value = self.text(name).lower().rstrip(".")
        if not value:
            return (kept.read_text().strip() if kept.exists() else "") or default
        label = r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?"
        if len(value) > 60 or not re.fullmatch(rf"({label}\.)+[a-z]([a-z-]*[a-z])?", value):
            raise WrongSetting(
                name,
                "must be a host name of letters, digits, hyphens and a dot",
                "は英数字・ハイフン・点の名前にしてください",
                default,
            )
        return value

    def private_addresses(self, name: str, *, example: str) -> list[IPv4Address]:
        """A comma-separated list of private IPv4 addresses, or nothing."""
        parts = self.names(name, [], pattern=r"[0-9.]+", example=example)
        try:
            found = [IPv4Address(part) for part in parts]
        except ValueError:
            found = []
        if len(found) != len(parts) or not all(
            any(address in net for net in PRIVATE_NETWORKS) for address in found
        ):
            raise WrongSetting(
                name,
                "must be a private IPv4 address of this machine",
                "はこの機械のプライベートアドレスにしてください",
                example,
            )
        return found

    def url(self, name: str, *, example: str) -> str:
        """An http(s) URL, or nothing."""
        value = self.text(name)
        if value and not re.match(r"https?://[^\s/;,'\"]+(/[^\s;'\"]*)?$", value):
            raise WrongSetting(
                name, "must be an http(s) URL", "は http(s):// で始まる URL にしてください", example
            )
        return value

    def map_link(self, name: str, default: str) -> str:
        """The address of a map with {lat} and {lng} in it, degrees."""
        value = self.url(name, example=default) or default
        if "{lat}" not in value or "{lng}" not in value:
            raise WrongSetting(
                name, "must hold {lat} and {lng}", "には {lat} と {lng} を入れてください", default
            )
        return value


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite as measured to lose nothing: WAL, synchronous=FULL, IMMEDIATE (README, Decisions)."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        # A file, not memory: threads, live servers and workers then see what production would.
        "TEST": {"NAME": path.with_name("test.sqlite3")},
    }


def postgres(
    database: str,
    *,
    user: str,
    password: str,
    host: str,
    port: str,
    options: dict[str, str],
    prepare_after: int | None,
) -> dict[str, Any]:
    """PostgreSQL by psycopg 3, a line for each thread that stays open; a commit is on disk before it is acknowledged. A
    statement that was asked `prepare_after` times is prepared; None: never, for a pooler that hands connections around."""
    return {
        "ENGINE": "dvc.core.postgres",
        "NAME": database,
        "USER": user,
        "PASSWORD": password,
        "HOST": host,
        "PORT": port,
        "CONN_MAX_AGE": LINE_LASTS,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            # The server plans a statement once for each connection.
            "server_side_binding": True,
            "prepare_threshold": prepare_after,
            "options": (
                "-c synchronous_commit=on -c statement_timeout=30s -c lock_timeout=10s "
                "-c idle_in_transaction_session_timeout=60s"
            ),
            **options,
        },
    }


def broker_socket(data: Path) -> Path:
    """Where the embedded broker listens: inside `data`, or a private folder if that path is too long."""
    path = data / "broker" / "broker.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    mark = sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"dvc-{os.getuid()}-{mark}" / "broker.sock"


def own_hosts(bind: str) -> list[str]:
    """Host names this machine is asked by: itself, and on a LAN its name and address."""
    hosts = ["localhost", "127.0.0.1", "[::1]"]
    if bind in {"", "127.0.0.1", "::1", "localhost"}:
        return hosts
    name = socket.gethostname()
    hosts += [name, f"{name}.local"]
    if bind not in {"0.0.0.0", "::"}:
        hosts.append(bind)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting a datagram socket only asks the routing table.
            probe.connect(("192.0.2.1", 9))
            hosts.append(str(probe.getsockname()[0]))
        except OSError:
            pass  # no network at all: the names above are what there is
    return hosts


def _read_or_make_secret(path: Path) -> str:
    if not path.exists():
        durable.write_once(path, secrets.token_urlsafe(64).encode())
    return path.read_text().strip()
