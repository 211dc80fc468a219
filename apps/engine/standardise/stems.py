"""The stem of a name or a web domain: what both have in common where a company's domain spells its name."""

from functools import lru_cache
from typing import Final

SHORTEST_STEM: Final = 3
DOMAIN_ENDINGS: Final = ("group", "online", "global", "corp", "inc", "hq")
"""What domains add to a name."""


@lru_cache(maxsize=65_536)
def stem_of(text: str) -> str | None:
    """Return a name, or a domain's name, in one word without hyphens and domain endings; None where it is short."""
    stem = text.partition(".")[0].replace(" ", "").replace("-", "")
    for ending in DOMAIN_ENDINGS:
        if stem.endswith(ending) and len(stem) >= len(ending) + SHORTEST_STEM:
            stem = stem.removesuffix(ending)
            break
    return stem if len(stem) >= SHORTEST_STEM else None
