"""Sessions of the unencrypted line: stored beside the others, readable by that line alone."""

from __future__ import annotations

from dvc.accounts.sessions import SessionStore as Database


class SessionStore(Database):
    """What it signs, the encrypted line's store takes for damaged, and the other way round."""

    key_salt = "dvc.island.plain_sessions"
