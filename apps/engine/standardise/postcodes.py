"""Postcodes inside the text of an address: where one stands, and which country its shape says."""

import re
from typing import Final, NamedTuple

from apps.engine.standardise.places import has_region

# Digits of the postcodes that have nothing else, by country.
POSTCODE_DIGITS: Final = {
    **dict.fromkeys(["AT", "AU", "BE", "BG", "CH", "CY", "DK", "HU", "LU", "LV", "NO", "NZ", "SI", "ZA"], 4),
    **dict.fromkeys(
        ["DE", "EE", "ES", "FI", "FR", "HR", "IT", "KR", "LT", "MX", "MY", "RS", "TH", "TR", "UA", "US"], 5
    ),
    **dict.fromkeys(["CN", "IN", "RO", "RU", "SG"], 6),
}
_UNKNOWN_DIGITS: Final = range(4, 7)
_MOST_LOST_ZEROS: Final = 2
# Countries whose house number stands first, so that digits in front of words are no postcode.
NUMBER_FIRST: Final = frozenset({"US", "CA", "GB", "AU", "NZ", "IE", "IN", "ZA"})

_DIGIT: Final = re.compile(r"\d")
_LETTERED: Final = re.compile(
    r"(?<![a-z0-9-])(?:"
    r"(?P<GB>[a-z]{1,2}\d[a-z\d]?\s?(?!\d(?:st|nd|rd|th) )\d[abd-hjlnp-uw-z]{2}|gir 0aa)"
    r"|(?P<CA>[abceghj-nprstvxy]\d[abceghj-nprstv-z][\s-]?\d[abceghj-nprstv-z]\d)"
    r"|(?P<IE>[ac-fhknprtv-y]\d[\dw]\s?(?=[\d]*[a-z])(?!\d(?:st|nd|rd|th)\b)[\dac-fhknprtv-y]{4})"
    r")(?![a-z0-9-])"
)
_PREFIXED: Final = re.compile(
    r"(?<![a-z0-9])(?P<prefix>a|b|bg|ch|cz|d|de|dk|e|ee|es|f|fi|fin|fr|h|hr|hu|i|it|l|lt|lu|lv|n|nl|no|pl|s|se|sk|us)"
    r"-\s?(?P<code>\d{4} [a-z]{2}|\d{3} \d{2}|\d{2}-\d{3}|\d{4,5})(?![a-z0-9-])"
)
_SPACED: Final = re.compile(
    r"(?:(?P<NL>\d{4}\s?(?!(?:st|nd|rd|th|n|s|e|w|ne|nw|se|sw|no|so)\b)[a-z]{2})|(?P<PL>\d{2}-\d{3})"
    r"|(?P<PT>\d{4}-\d{3})|(?P<BR>\d{5}-\d{3})|(?P<JP>\d{3}-\d{4})|(?P<SE>\d{3} \d{2}))(?![a-z0-9-])"
)
_ZIP: Final = re.compile(r"(?<![a-z0-9-])(\d{4,5}(?:-?\d{4})?)\Z")
_LEADING_DIGITS: Final = re.compile(r"(\d{3,6})(?:-\d{4})?(?=\s|\Z)")
_TRAILING_DIGITS: Final = re.compile(r"(?<=[a-z.)] )(\d{3,6})(?:-\d{4})?\Z")
_REGION_BEFORE: Final = re.compile(r"(?:^|[\s(.])([a-z]{2,3})\.?\)?\s?\Z")


class Postcode(NamedTuple):
    """A postcode found in a text: what stands before and behind it, and the country its shape says, if any."""

    before: str
    code: str
    after: str
    country: str | None


def find_postcode(text: str, country: str | None) -> Postcode | None:
    """Return the last postcode of a text between two commas, lower-case ASCII, or None.

    `country` is the record's, where known. Digits count as a postcode in front of words (not where house numbers stand
    there), behind words, or alone; a plain number of a street doesn't come here, for streets come first.
    """
    if text.isalpha() or not _DIGIT.search(text):
        return None
    found = None
    for match in _LETTERED.finditer(text):
        if country in {None, match.lastgroup}:
            found = match
    if found is not None:
        return _cut(text, found, found.lastgroup)
    prefixed = _PREFIXED.search(text)
    if prefixed is not None:
        return Postcode(text[: prefixed.start()].strip(), prefixed["code"], text[prefixed.end() :].strip(), None)
    spaced = _SPACED.match(text)
    if spaced is None and " " in text:
        spaced = _spaced_behind(text)
    if spaced is not None and _is_of(country, spaced.lastgroup):
        return _cut(text, spaced, spaced.lastgroup if spaced.lastgroup in {"NL", "PL"} else None)
    return _find_digits(text, country)


def _spaced_behind(text: str) -> re.Match[str] | None:
    for at in (match.end() for match in re.finditer(r"[a-z] ", text)):
        match = _SPACED.match(text, at)
        if match is not None and match.end() == len(text):
            return match
    return None


def _is_of(country: str | None, shape: str | None) -> bool:
    # Sweden's spaced digits are Czechia's, Slovakia's and Greece's, too; Japan's hyphen is Korea's old one.
    return country is None or country == shape or (shape == "SE" and country in {"CZ", "SK", "GR"})


def _find_digits(text: str, country: str | None) -> Postcode | None:
    zip_code = _ZIP.search(text)
    if zip_code is not None and country in {None, "US"}:
        region = _REGION_BEFORE.search(text[: zip_code.start()])
        if region is not None and has_region("US", region.group(1)):
            return _cut(text, zip_code, "US")
    match = _LEADING_DIGITS.match(text)
    if match is not None and (country not in NUMBER_FIRST or match.end() == len(text)):
        return _cut(text, match, None) if _has_length(match.group(1), country, text) else None
    match = _TRAILING_DIGITS.search(text)
    if match is None or not _has_length(match.group(1), country, text):
        return None
    region = _REGION_BEFORE.search(text[: match.start()])
    is_australian = region is not None and has_region("AU", region.group(1)) and country in {None, "AU"}
    return _cut(text, match, "AU" if is_australian and len(match.group(1)) in {3, 4} else None)


def _has_length(digits: str, country: str | None, text: str) -> bool:
    length = POSTCODE_DIGITS.get(country or "")
    if length is None:
        return (
            country in {None, "NL", "PL", "SE", "CZ", "SK", "GR", "PT", "BR", "JP"} and len(digits) in _UNKNOWN_DIGITS
        )
    # A spreadsheet took the leading zeros of what stands alone.
    fewest = length - _MOST_LOST_ZEROS if digits == text else length - 1
    return fewest <= len(digits) <= length


def _cut(text: str, match: re.Match[str], country: str | None) -> Postcode:
    return Postcode(text[: match.start()].strip(" ."), match.group().strip(), text[match.end() :].strip(" ."), country)
