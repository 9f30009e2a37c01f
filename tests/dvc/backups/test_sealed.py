"""What leaves the laptop is sealed, and what was tampered with does not open."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dvc.backups import recovery
from dvc.backups.sealed import PIECE, Damaged, Opener, Sealer, Secret, WrongSecret

KEY = Secret("key", bytes(range(16)))


def sealed(text: bytes, secret: Secret = KEY) -> bytes:
    target = io.BytesIO()
    with Sealer(target, secret) as sealer:
        for start in range(0, len(text), 300_000):
            sealer.write(text[start : start + 300_000])
    return target.getvalue()


def opened(data: bytes, secret: Secret = KEY) -> bytes:
    return io.BufferedReader(Opener(io.BytesIO(data), secret)).read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_opens_to_the_byte(size: int) -> None:
    text = bytes(i * 7 % 251 for i in range(1000)) * (size // 1000 + 1)
    assert opened(sealed(text[:size])) == text[:size]


def test_nothing_of_the_text_is_in_the_file_and_no_two_files_are_alike() -> None:
    text = "独居 佐藤 花子".encode() * 100
    assert text[:20] not in sealed(text)
    assert sealed(text)[30:60] != sealed(text)[30:60]


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(WrongSecret):
        opened(sealed(b"x"), Secret("key", bytes(16)))
    with pytest.raises(WrongSecret):
        opened(sealed(b"x", recovery.passphrase("four words nobody says")), recovery.passphrase("other"))


def test_pieces_cannot_be_cut_swapped_or_flipped() -> None:
    data = sealed(b"a" * (3 * PIECE - 5))
    start, piece = 25, PIECE + 16
    pieces = [data[start + i * piece : start + (i + 1) * piece] for i in range(3)]
    head, flipped = data[:start], start + piece + 100
    for broken in (
        head + pieces[0] + pieces[1],
        head + pieces[0] + pieces[2] + pieces[1],
        head + pieces[0] + pieces[2],
        data[:-1],
        data[:flipped] + bytes([data[flipped] ^ 1]) + data[flipped + 1 :],
        head + pieces[0] + pieces[0] + pieces[1] + pieces[2],
    ):
        with pytest.raises(Damaged):
            opened(broken)


@given(st.binary(min_size=16, max_size=16))
@settings(max_examples=60, deadline=None)
def test_a_recovery_key_survives_paper_and_a_tired_hand(value: bytes) -> None:
    text = recovery.display(Secret("key", value))
    assert len(text) == 34
    wide = "".join(chr(ord(c) + 0xFEE0) if c != "-" else "ー" for c in text.lower().replace("1", "l"))
    assert recovery.parse(wide) == recovery.parse(text) == value


def test_a_wrong_letter_in_the_recovery_key_is_noticed() -> None:
    text = recovery.display(KEY)
    wrong = 0
    for i, letter in enumerate(text):
        if letter == "-":
            continue
        try:
            recovery.parse(text[:i] + ("A" if letter != "A" else "B") + text[i + 1 :])
        except recovery.Mistyped:
            wrong += 1
    assert wrong >= 27  # 2 letters of check: one in 1,024 slips through
    for nonsense in ("", "abc", text + "A", "U" * 28):
        with pytest.raises(recovery.Mistyped):
            recovery.parse(nonsense)
