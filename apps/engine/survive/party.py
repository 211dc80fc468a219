"""What survivorship takes in and gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Rule(StrEnum):
    """Why a golden value is what it is: the first rule after which all claims left gave this value."""

    PINNED = "pinned"  # a steward fixed it
    ONLY_VALUE = "only_value"  # one record gives a value
    AGREED = "agreed"  # all records that give a value give this one
    FITS_PIN = "fits_pin"  # its record agrees with what a steward fixed in the same block
    HAS_LEAD = "has_lead"  # its record fills the leading attribute of the block
    MOST_TRUSTED = "most_trusted"
    MOST_RECENT = "most_recent"
    MOST_COMPLETE = "most_complete"
    MOST_FREQUENT = "most_frequent"
    VERIFIED_FIRST = "verified_first"
    FIRST_IN_ORDER = "first_in_order"  # the policy left several values equal: byte order of source, key and record


@dataclass(frozen=True, slots=True)
class Member:
    """A live source record of one customer. Higher trust wins; `modified_at` without a zone is read as UTC.

    `given` holds the mapped attributes as the source gave them, and may hold `X.check` (`verified`, `plausible`,
    `wrong`) for an identifier X: names with a dot are parts, which inform a choice and never survive themselves.
    """

    record: int
    source: str
    source_key: str
    trust: int
    modified_at: datetime | None
    given: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PinnedValue:
    """A value a steward fixed for an attribute; empty text fixes that there is none. `pin` is the pin's number."""

    attribute: str
    value: str
    pin: int | None = None


@dataclass(frozen=True, slots=True)
class GoldenValue:
    """The value of one attribute, the record that gave it (None: a steward, by `pin`), the rule and why in words."""

    attribute: str
    value: str
    record: int | None
    rule: Rule
    reason: str
    pin: int | None = None


@dataclass(frozen=True, slots=True)
class GoldenParty:
    """The surviving values of one customer, by attribute in sorted order; an attribute nobody gives is absent."""

    values: dict[str, GoldenValue]
