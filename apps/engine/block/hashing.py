"""Match keys as 64-bit integers.

A key's hash is mixed from the hashes of its components, so the bulk code hashes each distinct component once and mixes
in NumPy, while the row code does the same arithmetic in Python integers. The lowest six bits are the key's place in the
rule set, from which its cap can be told. A hash function never changes, it gains a sibling: keys are stored.
"""

import hashlib
from functools import lru_cache
from typing import Final

MASK = (1 << 64) - 1
MULTIPLIER = 0x9E3779B97F4A7C15
FINISHER = 0xBF58476D1CE4E5B9
PLACE_BITS = 6
PLACE_MASK = (1 << PLACE_BITS) - 1
MOST_REMEMBERED: Final = 65_536
"""Texts whose hashes are kept: places and words come back with record after record."""


@lru_cache(maxsize=MOST_REMEMBERED)
def hash_text(text: str) -> int:
    """Return the lower half of the text's MD5 as an unsigned 64-bit integer.

    MD5 because DuckDB computes it for a column (`md5_number_lower`); it spreads texts, it guards nothing. Lone
    surrogates are hashed, not refused.
    """
    digest = hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little")


def mix(seed: int, component: int) -> int:
    """Return the unsigned 64-bit mixture of what was mixed so far and one more component's hash."""
    mixed = ((seed ^ component) * MULTIPLIER) & MASK
    mixed ^= mixed >> 31
    mixed = (mixed * FINISHER) & MASK
    return mixed ^ (mixed >> 29)


def finish(mixed: int, place: int) -> int:
    """Return the signed 64-bit key of the rule set's key number `place`."""
    unsigned = (mixed & ~PLACE_MASK & MASK) | place
    return unsigned - (1 << 64) if unsigned >> 63 else unsigned
