"""Phones: one E.164 spelling per number, whatever the punctuation, prefix or extension."""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException

from apps.engine.standardise.contract import Parts
from apps.engine.standardise.folding import ascii_text
from apps.engine.standardise.origins import country_of_domain, country_of_postcode
from apps.engine.standardise.placeholders import is_placeholder_number

PHONE_CONTEXT: Final = ("country.code", "street.country", "postcode.code", "website.domain", "email.domain")
_LONGEST_TEXT: Final = 60
_EXTENSION: Final = re.compile(r"\s*(?:[,;/]|\b(?:ext|extn|extension|x|ex|fax|or)\b|x(?=\d)|#).*$")
_PLACEHOLDER_TAIL: Final = re.compile(r"(?:(\d)\1{6}|1234567)\Z")
_NOT_DIGIT: Final = re.compile(r"\D+")
_NORTH_AMERICAN: Final = re.compile(r"1?([2-9]\d{2}[2-9]\d{6})\Z")
_NORTH_AMERICAN_COUNTRIES: Final = frozenset({"US", "CA", None})
_AMERICAN_EXIT: Final = "011"
_SHORTEST_NATIONAL: Final = 6
_NOTHING: Final[Parts] = (None,)


def standardise_phone(raw: str, context: Parts, _option: str | None) -> Parts:
    """Return the E.164 number; a possible number is kept, a placeholder or an impossible one is not.

    Without `+` the number is read in the record's country, or else in the one that its address, postcode or domains
    give away; without any as North American where it has that shape, else as international.
    """
    text = _EXTENSION.sub("", ascii_text(raw[:_LONGEST_TEXT]))
    digits = _NOT_DIGIT.sub("", text)
    if len(digits) < _SHORTEST_NATIONAL or is_placeholder_number(digits) or _PLACEHOLDER_TAIL.search(digits):
        return _NOTHING
    country = _country(context)
    international = text.lstrip(" (").startswith("+")
    if digits.startswith("00") and not international:
        digits, international = digits[2:], True
    elif digits.startswith(_AMERICAN_EXIT) and country in _NORTH_AMERICAN_COUNTRIES and not international:
        digits, international = digits[3:], True
    if country in _NORTH_AMERICAN_COUNTRIES or digits.startswith("1"):
        match = _NORTH_AMERICAN.match(digits)
        if match and (not international or digits.startswith("1")):
            return (f"+1{match.group(1)}",)
    if international:
        return (_parsed(f"+{digits}", None),)
    return ((_parsed(digits, country) if country else None) or _of_elsewhere(digits),)


def _country(context: Parts) -> str | None:
    if not context or context[0]:
        return context[0] if context else None
    known = dict(zip(PHONE_CONTEXT, context, strict=False))
    of_address, postcode = known.get("street.country"), known.get("postcode.code")
    found = of_address or (country_of_postcode(postcode) if postcode else None)
    domains = (known.get("website.domain"), known.get("email.domain"))
    return found or next((country for domain in domains if domain and (country := country_of_domain(domain))), None)


def _of_elsewhere(digits: str) -> str | None:
    """Return a number that is none of its record's country: an agent's in North America, or an international one."""
    match = _NORTH_AMERICAN.match(digits)
    if match:
        return f"+1{match.group(1)}"
    return _parsed(f"+{digits.removeprefix(_AMERICAN_EXIT)}", None, only_valid=True)


def _parsed(text: str, country: str | None, *, only_valid: bool = False) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    is_one = phonenumbers.is_valid_number if only_valid else phonenumbers.is_possible_number
    if not is_one(number):
        return None
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
