"""Claims (what one record says about one block) and the measures that rank them. A higher measure wins."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from apps.engine.survive.party import Member
from apps.engine.survive.policy import Strategy

# Fixed here, since Python and Arrow differ in what their default trims take for white space.
BLANKS: Final = (
    " \t\n\v\f\r\x00\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
UNDATED: Final = -(2**63) + 1
FILLED: Final = 2**40
"""What one filled attribute weighs in completeness: more characters than any block can hold."""
CHECK_RANKS: Final[Mapping[str, int]] = {"verified": 3, "plausible": 2, "wrong": 0}
UNCHECKED_RANK: Final = 1

PART_OF_A_CLAIM: Final[Mapping[str, str]] = {"identifier": "number", "organisation_name": "full"}
"""The part that standardising must yield for a given text to claim anything, by kind of attribute: a placeholder such
as 000000000 or "N/A" yields none."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """One member's values for the attributes of a block, trimmed; None where it gives nothing."""

    member: Member
    leader: str
    values: tuple[str | None, ...]


def trim(value: str) -> str | None:
    """Return the text without blanks around it, or None where nothing is left."""
    return value.strip(BLANKS) or None


def fold(value: str) -> str:
    """Return the form in which two spellings count as one value when frequency is counted."""
    return " ".join(value.casefold().split())


def measure_lead(claims: Sequence[Claim]) -> list[int]:
    """Minus the position of the first filled attribute, so that records with the leader come first."""
    return [-next(i for i, value in enumerate(claim.values) if value is not None) for claim in claims]


def _measure_trust(claims: Sequence[Claim]) -> list[int]:
    return [claim.member.trust for claim in claims]


def _measure_recency(claims: Sequence[Claim]) -> list[int]:
    return [_microseconds(claim.member.modified_at) for claim in claims]


def _microseconds(instant: datetime | None) -> int:
    if instant is None:
        return UNDATED
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def _measure_completeness(claims: Sequence[Claim]) -> list[int]:
    return [sum(FILLED + len(value) for value in claim.values if value is not None) for claim in claims]


def _measure_frequency(claims: Sequence[Claim]) -> list[int]:
    folded = [tuple(None if value is None else fold(value) for value in claim.values) for claim in claims]
    counts = Counter(folded)
    return [counts[values] for values in folded]


def _measure_checks(claims: Sequence[Claim]) -> list[int]:
    return [CHECK_RANKS.get(claim.member.given.get(f"{claim.leader}.check", ""), UNCHECKED_RANK) for claim in claims]


MEASURES: Final[Mapping[Strategy, Callable[[Sequence[Claim]], list[int]]]] = {
    Strategy.MOST_TRUSTED: _measure_trust,
    Strategy.MOST_RECENT: _measure_recency,
    Strategy.MOST_COMPLETE: _measure_completeness,
    Strategy.MOST_FREQUENT: _measure_frequency,
    Strategy.VERIFIED_FIRST: _measure_checks,
}
