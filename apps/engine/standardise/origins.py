"""The country of a record that names none, from what its other attributes give away."""

import re
from typing import Final

from apps.engine.standardise.places import country_coded

# Country domains that the whole world registers under.
_OPEN_DOMAINS: Final = frozenset(
    ["ac", "ag", "ai", "am", "as", "bz", "cc", "cd", "co", "cx", "dj", "fm", "gg", "io", "is", "la", "ly",
     "me", "ms", "mu", "nu", "sc", "sh", "so", "st", "tk", "to", "tv", "vc", "vg", "ws", "eu"]
)  # fmt: skip
_GB_POSTCODE: Final = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{2}\Z")
_CA_POSTCODE: Final = re.compile(r"[A-Z]\d[A-Z]\d[A-Z]\d\Z")


def country_of_postcode(compact: str) -> str | None:
    """Return the country of a compact postcode whose shape only one country has."""
    if _GB_POSTCODE.match(compact):
        return "GB"
    return "CA" if _CA_POSTCODE.match(compact) else None


def country_of_domain(domain: str) -> str | None:
    """Return the country of a registrable domain under a country's own ending."""
    ending = domain.rpartition(".")[2]
    return country_coded(ending) if len(ending) == len("uk") and ending not in _OPEN_DOMAINS else None
