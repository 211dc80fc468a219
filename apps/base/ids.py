"""Governed ids for people and systems outside, UUIDv7 for events.

The law of this module: an id carries no meaning, names its kind by prefix alone, and one mistyped character or two
swapped neighbours never turn it into another valid id.
"""

import os
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from apps.base.errors import Invalid

CUSTOMER: Final = "GC"
LEGAL_ENTITY: Final = "LE"
COMPANY_CODE: Final = "CC"
PREFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {CUSTOMER: "customer", LEGAL_ENTITY: "legal entity", COMPANY_CODE: "company code"}
)

BODY_LENGTH: Final = 12
LENGTH: Final = 17
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_MODULUS: Final = 37
_DIGIT_OF: Final = {character: value for value, character in enumerate(ALPHABET)}
_MISREADINGS: Final = str.maketrans("OIL", "011")
_ALPHABET_BYTES: Final = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
_BODY_SHIFTS: Final = np.arange(5 * (BODY_LENGTH - 1), -1, -5, dtype=np.uint64)
_SHOWN_CHARACTERS: Final = 40


class IdFault(StrEnum):
    """What is wrong with a text that should be a governed id."""

    SHAPE = "id.shape"
    PREFIX = "id.prefix"
    CHARACTER = "id.character"
    CHECK = "id.check"


class GovernedIdError(Invalid, ValueError):
    """A text is not a governed id: `fault` says how it fails, the message what to do."""

    code = "id.invalid"
    title = "Not a governed id"

    def __init__(self, fault: IdFault, text: str, what: str) -> None:
        shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
        super().__init__(f"{shown!r} is not a governed id: {what}", fault=fault.value)
        self.fault = fault


def mint(prefix: str = CUSTOMER, count: int = 1) -> list[str]:
    """Return `count` new ids of one prefix, each drawn from the system's randomness, none twice in the list.

    An id has 60 random bits before the draw is repeated for check symbols outside base32 (leaving 59.8), so a
    collision with an earlier id is unlikely, not impossible: the column that keeps it must be unique.
    Check character: Crockford's base32 page, value modulo 37, https://www.crockford.com/base32.html.

    Raises ValueError for an unknown prefix or a negative count.
    """
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix {prefix!r}; known: {', '.join(PREFIXES)}")
    if count < 0:
        raise ValueError(f"cannot mint {count} ids")
    bodies = _draw_bodies(count)
    characters = np.empty((count, LENGTH), dtype=np.uint8)
    characters[:, :3] = np.frombuffer(f"{prefix}-".encode("ascii"), dtype=np.uint8)
    digits = (bodies[:, None] >> _BODY_SHIFTS) & np.uint64(31)
    characters[:, 3:15] = _ALPHABET_BYTES[digits]
    characters[:, 15] = ord("-")
    characters[:, 16] = _ALPHABET_BYTES[bodies % np.uint64(_MODULUS)]
    ids: list[str] = characters.view(f"S{LENGTH}").ravel().astype(str).tolist()
    return ids


def _draw_bodies(count: int) -> npt.NDArray[np.uint64]:
    """Return `count` distinct 60-bit numbers whose check symbol is a base32 one, in random order."""
    kept = np.empty(0, dtype=np.uint64)
    while len(kept) < count:
        missing = count - len(kept)
        drawn = np.frombuffer(os.urandom(8 * (missing + missing // 4 + 8)), dtype=np.uint64) >> np.uint64(4)
        fitting = np.concatenate([kept, drawn[drawn % np.uint64(_MODULUS) < len(ALPHABET)]])
        _, first_seen = np.unique(fitting, return_index=True)
        kept = fitting[np.sort(first_seen)]
    return kept[:count]


def check(text: str, prefix: str | None = None) -> str:
    """Return the one canonical spelling of a governed id, or say what is wrong with the text.

    Lower case and the misreadings O for 0, I and L for 1 are mended, and so is white space around it; nothing else is.
    With `prefix`, an id of any other kind is refused.

    Raises GovernedIdError (a ValueError).
    """
    stripped = text.strip()
    # Before upper(): the dotless i and the long s would turn into ASCII letters there.
    if not stripped.isascii() or len(stripped) != LENGTH or stripped[2] != "-" or stripped[15] != "-":
        what = f"it needs {LENGTH} ASCII characters like GC-0123456789AB-X"
        raise GovernedIdError(IdFault.SHAPE, text, what)
    upper = stripped.upper()
    found = upper[:2]
    _refuse_prefix(text, found, prefix)
    body = upper[3:15].translate(_MISREADINGS)
    symbol = upper[16].translate(_MISREADINGS)
    for character in body + symbol:
        if character not in _DIGIT_OF:
            raise GovernedIdError(IdFault.CHARACTER, text, f"{character!r} is not one of {ALPHABET}")
    if check_character(body) != symbol:
        what = "its check character does not fit the rest, so it was mistyped"
        raise GovernedIdError(IdFault.CHECK, text, what)
    return f"{found}-{body}-{symbol}"


def _refuse_prefix(text: str, found: str, wanted: str | None) -> None:
    if found not in PREFIXES:
        known = ", ".join(PREFIXES)
        raise GovernedIdError(IdFault.PREFIX, text, f"its prefix {found!r} is none of {known}")
    if wanted is not None and found != wanted:
        what = f"it names a {PREFIXES[found]}, and an id starting {wanted!r} is wanted"
        raise GovernedIdError(IdFault.PREFIX, text, what)


def check_character(body: str) -> str | None:
    """Return the check character of twelve canonical body characters, or None where base32 has no symbol for it."""
    value = 0
    for character in body:
        value = value * len(ALPHABET) + _DIGIT_OF[character]
    remainder = value % _MODULUS
    return ALPHABET[remainder] if remainder < len(ALPHABET) else None


_tick_lock = threading.Lock()
_last_tick = 0


def uuid7() -> UUID:
    """Return a version 7 UUID greater than every one this process made before. See `uuid7s` for the layout."""
    return uuid7s(1)[0]


def uuid7s(count: int) -> list[UUID]:
    """Return `count` version 7 UUIDs in ascending order, all greater than those this process made before.

    Layout of RFC 9562 section 5.7: 48 bits of Unix milliseconds, then by section 6.2 method 3 the 12 bits of `rand_a`
    as the millisecond's 4096ths, then 62 random bits. One call shares one tick; its random bits are sorted, which
    gives order without spending any of them on a counter. The order holds per process, also when the clock steps back.

    Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"cannot make {count} UUIDs")
    tick = _next_tick()
    high = ((tick >> 12) << 80) | (0x7 << 76) | ((tick & 0xFFF) << 64) | (0b10 << 62)
    return [UUID(int=high | low) for low in _draw_sorted_62_bits(count)]


def _next_tick() -> int:
    """Return the time in 4096ths of a millisecond since 1970, never the same twice in one process."""
    global _last_tick  # noqa: PLW0603 (the order of one process's ids is process-wide state)
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    now = milliseconds * 4096 + nanoseconds * 4096 // 1_000_000
    with _tick_lock:
        _last_tick = max(now, _last_tick + 1)
        return _last_tick


def _draw_sorted_62_bits(count: int) -> list[int]:
    kept = np.empty(0, dtype=np.uint64)
    while len(kept) < count:
        drawn = np.frombuffer(os.urandom(8 * (count - len(kept))), dtype=np.uint64) >> np.uint64(2)
        kept = np.unique(np.concatenate([kept, drawn]))
    numbers: list[int] = kept.tolist()
    return numbers
