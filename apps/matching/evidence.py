"""What of a record bears on matching, and whether it says something else than it did. Pure.

Merge-relevant are the exclusive numbers of two records together, and each one's name and address: what a person looks
at first when told that two records differ. A phone or a domain comes and goes without a company becoming another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.engine.rules import RuleSet

Parts = Mapping[str, str]
Numbers = dict[tuple[str, str], str]
# Kinds of attributes whose parts are a name or an address; the acronym and the word order follow from the full name.
NAMES = {"organisation_name": ("full",), "person_name": ("full",)}
PLACES = ("street", "city", "region", "postcode", "country")


@dataclass(frozen=True, slots=True)
class Clash:
    """Two records of one customer whose exclusive numbers of one issuer differ, the lower id first."""

    attribute: str
    issuer: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that says something else than when it was decided; `record` is 0 where it is about both.

    `before` and `after` are as standardised, empty for nothing.
    """

    record: int
    what: str
    sentence: str
    before: str
    after: str


def exclusive_numbers(parts: Parts, rules: RuleSet) -> Numbers:
    """Return the record's numbers of which a company has only one, by attribute and issuer."""
    found: Numbers = {}
    for exclusive in rules.exclusive:
        name = exclusive.attribute
        number, issuer = parts.get(f"{name}.number"), parts.get(f"{name}.issuer")
        counts = parts.get(f"{name}.check") in exclusive.checks and (
            not exclusive.issuers or issuer in exclusive.issuers
        )
        if number and issuer and counts:
            found[name, issuer] = number
    return found


def find_clash(parts: Mapping[int, Parts], sides: Mapping[int, int], rules: RuleSet) -> Clash | None:
    """Return the first two records, by id, of different sides that carry different exclusive numbers of one issuer.

    `sides` is each record's side; a record without one is looked over. None where no two do.
    """
    held: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for record in sorted(parts.keys() & sides.keys()):
        for kind, number in exclusive_numbers(parts[record], rules).items():
            for known, holder in held.setdefault(kind, []):
                if known != number and sides[holder] != sides[record]:
                    return Clash(*kind, low=holder, high=record)
            if (number, sides[record]) not in ((known, sides[holder]) for known, holder in held[kind]):
                held[kind].append((number, record))
    return None


def list_changes(
    low: int, high: int, *, before: tuple[Parts, Parts], now: tuple[Parts, Parts], rules: RuleSet
) -> list[Change]:
    """Return what bears on a match of two records and says something else than it did, numbers first.

    `before` and `now` are the standard parts of the lower and the higher record, both by the same rules, so that an
    upgrade of the standardiser is no change.
    """
    changes = _number_changes(before, now, rules)
    for record, old, new in zip((low, high), before, now, strict=True):
        changes += _changes_of(record, old, new, rules)
    return changes


def _number_changes(before: tuple[Parts, Parts], now: tuple[Parts, Parts], rules: RuleSet) -> list[Change]:
    """Return the exclusive numbers that have become equal, or that both records have come to carry."""
    ours, theirs = (exclusive_numbers(parts, rules) for parts in now)
    our_old, their_old = (exclusive_numbers(parts, rules) for parts in before)
    changes = []
    for kind in sorted(ours.keys() & theirs.keys()):
        was_both, is_equal = kind in our_old and kind in their_old, ours[kind] == theirs[kind]
        was_equal = was_both and our_old[kind] == their_old[kind]
        if is_equal == was_equal and was_both:
            continue
        name = _title(kind[0], rules)
        told = f"Both now carry the same {name}" if is_equal else f"Both now carry a {name}, and they differ"
        old, new = (_both(*pair) for pair in ((our_old.get(kind), their_old.get(kind)), (ours[kind], theirs[kind])))
        changes.append(Change(0, kind[0], f"{told}.", old, new))
    return changes


def _changes_of(record: int, old: Parts, new: Parts, rules: RuleSet) -> list[Change]:
    changes = []
    for attribute in rules.attributes:
        names = NAMES.get(attribute.kind)
        parts = [f"{attribute.name}.{part}" for part in names or ()]
        if attribute.kind in PLACES:
            parts = sorted({part for part in (*old, *new) if part.startswith(f"{attribute.name}.")})
        was, now = (" ".join(side.get(part, "") for part in parts).strip() for side in (old, new))
        if was != now:
            title = attribute.name.replace("_", " ")
            changes.append(Change(record, attribute.name, f"The {title} changed.", was, now))
    return changes


def _title(attribute: str, rules: RuleSet) -> str:
    parts = (f"{attribute}.number",)
    return next((c.title for c in rules.comparisons if c.parts[0] in parts), "") or attribute.replace("_", " ")


def _both(ours: str | None, theirs: str | None) -> str:
    return " / ".join(number or "–" for number in (ours, theirs)) if ours or theirs else ""
