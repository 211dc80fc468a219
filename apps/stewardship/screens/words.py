"""The words the pages use for attributes, rules and scores."""

from collections.abc import Iterable, Mapping
from typing import Final

from apps.golden.selectors import PinRow

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Identity": ("name", "former_names", "jurisdiction", "sector"),
    "Identifiers": ("lei", "vat", "tax_id", "register_no", "duns", "isin"),
    "Contact": ("phone", "email", "website"),
    "Address": ("street", "postcode", "city", "region", "country"),
    "Commercial": ("currency", "payment_terms", "tax_profile", "account_owner"),
}
OTHER: Final = "Other"

_TITLES: Final[Mapping[str, str]] = {
    "name": "Name",
    "former_names": "Former names",
    "tax_id": "Tax number",
    "vat": "VAT number",
    "lei": "LEI",
    "register_no": "Register number",
    "duns": "DUNS number",
    "isin": "ISIN",
    "email": "E-mail",
    "postcode": "Postcode",
    "tax_profile": "Tax profile",
    "other_words": "Words left over",
    "other_words_weight": "Weight of the words left over",
    "letters": "Letters of the name",
    "form": "Legal form",
    "domain": "Web domain",
    "name_in_domain": "Name in the web domain",
    "state": "State",
}
_RULES: Final[Mapping[str, str]] = {
    "pinned": "fixed by a steward",
    "only_value": "only record that gives it",
    "agreed": "all records agree",
    "fits_pin": "agrees with what a steward fixed",
    "has_lead": "gives the leading part",
    "most_trusted": "most trusted source",
    "most_recent": "changed last",
    "most_complete": "most complete",
    "most_frequent": "given most often",
    "verified_first": "best checked number",
    "first_in_order": "first in order of source and key",
}
_ODDS: Final = ((3_322, "Very likely"), (1_000, "Likely"), (-999, "Even odds"), (-3_321, "Unlikely"))
_REASONS: Final[Mapping[str, str]] = {
    "alone": "no other record is like it",
    "linked": "linked by the rules",
    "verdict": "decided by a person",
    "hold": "kept here until a person decides",
}


def pin_condition(pin: PinRow) -> str:
    """Return until when a pin holds."""
    if pin.release == "source_changes":
        return f"while {pin.release_source} {pin.release_key} says what it said then"
    if pin.release == "date" and pin.release_on is not None:
        return f"until {pin.release_on.isoformat()}"
    return "until somebody releases it"


def resting_words(pin: PinRow) -> str:
    """Return why a pin doesn't give its customer's value."""
    if pin.state == "lapsed":
        return f"“{pin.value}”, fixed by {pin.pinned_by}, rests: {pin.release_source} {pin.release_key} says otherwise"
    return f"“{pin.value}”, fixed by {pin.pinned_by}, is overruled by what was fixed for more of these records"


def title_of(attribute: str) -> str:
    """Return what a page calls an attribute or a comparison."""
    return _TITLES.get(attribute) or attribute.replace("_and_", " & ").replace("_", " ").capitalize()


def rule_words(rule: str) -> str:
    """Return what a page says of the rule that chose a value."""
    return _RULES.get(rule) or rule.replace("_", " ")


def membership_words(reason: str) -> str:
    """Return why a source record belongs where it does."""
    return _REASONS.get(reason) or reason.replace("_", " ")


def group_attributes(present: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return the attributes in the pages' order, by group; groups without any are absent."""
    left = set(present)
    groups = []
    for name, attributes in GROUPS.items():
        found = [attribute for attribute in attributes if attribute in left]
        left -= set(found)
        if found:
            groups.append((name, found))
    if left:
        groups.append((OTHER, sorted(left)))
    return groups


def say_odds(millibits: int) -> str:
    """Return a weight of evidence as people read it: 2,000 millibits are "4× for", -1,000 are "2× against"."""
    if millibits == 0:
        return "no weight"
    factor = 2 ** (abs(millibits) / 1000)
    text = f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}".replace(",", "\u202f") if factor < 1e6 else "1 000 000+"
    return f"{text}× {'for' if millibits > 0 else 'against'}"


def say_score(score: int) -> str:
    """Return the word for a score in millibits, that is for odds: 0 are even, 1,000 are 2:1, 3,322 are 10:1."""
    for least, word in _ODDS:
        if score >= least:
            return word
    return "Very unlikely"
