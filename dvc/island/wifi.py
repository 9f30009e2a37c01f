"""The text of the QR code with which phones and tablets join a Wi-Fi."""

from __future__ import annotations

import re


def wifi_text(name: str, password: str) -> str:
    """`WIFI:T:WPA;S:…;P:…;;` with the five special characters escaped; an open network without a password.

    A password of hexadecimal digits alone is quoted, or a reader may take it for the raw key.
    """
    if not password:
        return f"WIFI:T:nopass;S:{_escape(name)};;"
    return f"WIFI:T:WPA;S:{_escape(name)};P:{_escape(password)};;"


def _escape(text: str) -> str:
    escaped = re.sub(r'([\\;,:"])', r"\\\1", text)
    return f'"{escaped}"' if re.fullmatch(r"[0-9A-Fa-f]+", text) else escaped
