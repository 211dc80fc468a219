"""By what a customer is found: the terms of its members, and how a query spells them.

The law: a stored term is lower-case text, made alike here for one customer and by `apps.pipeline.building` for many.
Words stay plain; slips of the hand are met by the vocabulary of all customers' words, not by the customer's row.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, Protocol

from apps.engine.standardise import STANDARDISERS
from apps.engine.standardise.folding import ascii_text, fold

WORD_PARTS: Final = {
    "organisation_name": ("full", "other"),
    "former_names": ("full",),
    "person_name": ("full",),
    "street": ("number", "name", "city", "postcode"),
    "city": ("name",),
    "postcode": ("code",),
}
"""Parts whose words become terms, by the kind of their attribute."""
WHOLE_PARTS: Final = {
    "identifier": ("number",),
    "phone": ("e164",),
    "email": ("address", "domain"),
    "website": ("domain",),
}
"""Parts that become one term each, as a whole."""
LONGEST_TERM: Final = 200
MAXIMUM_WORDS: Final = 12
"""More words than a name has only cost time."""

# The calling codes of ITU-T E.164: one digit, two, or three; what follows is the national number.
NATIONAL: Final = r"^\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})0*([0-9]+)$"
"""Finds the national number, without its trunk zero, in an E.164 number."""
BARE: Final = r"^[a-z]{2}([0-9]{4,})$"
"""Finds the digits of a tax number that is written with its country."""

_NATIONAL = re.compile(NATIONAL)
_BARE = re.compile(BARE)
_NOT_DIGIT = re.compile(r"[^0-9]+")
_NOT_COMPACT = re.compile(r"[^a-z0-9]+")
_NUMBER_LIKE = re.compile(r"[0-9+(][0-9 ()./+-]{3,}")


class Attribute(Protocol):
    """An attribute of a rule set: its name, and the kind that says how it is standardised."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


def terms_of(
    keys: Iterable[tuple[str, str]], standard: Iterable[Mapping[str, str]], attributes: Iterable[Attribute]
) -> list[str]:
    """Return the search terms of one customer, each once, in byte order.

    `keys`: (source code, source key) of each member; `standard`: the standard parts of each member that has any.
    A source key counts alone and after its source's code and a colon; a phone also by its national number, a tax
    number also without its country.
    """
    terms: set[str] = set()
    for source, key in keys:
        terms |= {key.lower(), f"{source}:{key}".lower()}
    words = part_names(attributes := list(attributes), WORD_PARTS)
    wholes = part_names(attributes, WHOLE_PARTS)
    for parts in standard:
        for name in words:
            if name in parts:
                terms.update(parts[name].lower().replace("|", " ").split(" "))
        for name in wholes:
            if whole := parts.get(name, "").lower():
                terms |= {whole, *_NATIONAL.findall(whole), *_BARE.findall(whole)}
    return sorted({term[:LONGEST_TERM] for term in terms} - {""})


def part_names(attributes: Iterable[Attribute], kinds: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the full names of the parts that `kinds` names, in the order of the attributes."""
    return [f"{attribute.name}.{part}" for attribute in attributes for part in kinds.get(attribute.kind, ())]


def query_words(query: str) -> dict[str, frozenset[str]]:
    """Return the query's words, in order, each with other spellings that mean the same: at most 12 words.

    A word's other spellings are the written token it stands in (`ACC-17`), itself joined with its neighbour
    (`micro soft`), and the street name in it (`hauptstrasse`: `haupt`).
    """
    spelt: dict[str, set[str]] = {}
    for token in query.split():
        words = fold(token).split()
        whole = ascii_text(token).strip(",;")
        for word in words:
            spelt.setdefault(word, set()).update({whole, _NOT_COMPACT.sub("", whole)} if len(words) > 1 else ())
    listed = list(spelt)[:MAXIMUM_WORDS]
    for word, following in pairwise(listed):
        spelt[word].add(word + following)
        spelt[following].add(word + following)
    for word in listed:
        spelt[word] |= _street_words(word)
    return {word: frozenset(spelt[word] - {word, ""}) for word in listed}


def whole_spellings(query: str) -> list[str]:
    """Return the spellings of the query as one source key, identifier, phone, e-mail address or domain."""
    plain = ascii_text(query)
    digits = _NOT_DIGIT.sub("", plain)
    spelt = {plain, query.strip()[:LONGEST_TERM].lower(), _NOT_COMPACT.sub("", plain)}
    if len(digits) >= 5 and _NUMBER_LIKE.fullmatch(plain):
        # Written with 00 for the plus sign, with a trunk zero, or with neither.
        spelt |= {f"+{digits.lstrip('0')}", digits.lstrip("0")}
    for kind in ("phone", "email", "website"):
        standardiser = STANDARDISERS[kind]
        parts = standardiser.function(query, (None,) * len(standardiser.context), None)
        spelt |= {part.lower() for part in parts[:1] if part}
    return sorted(text[:LONGEST_TERM] for text in spelt if text not in {"", "+"} and "\x00" not in text)


def _street_words(word: str) -> set[str]:
    """Return the words under which a street's name is kept, where it is written in one (`hauptstrasse`)."""
    if len(word) < 7 or not word.isalpha():
        return set()
    standardiser = STANDARDISERS["street"]
    named = dict(
        zip(standardiser.parts, standardiser.function(word, (None,) * len(standardiser.context), None), strict=True)
    )
    words = (named.get("name") or "").split()
    # The other words, such as `strasse`, every second address has.
    return {words[0]} if len(words) > 1 else set()
