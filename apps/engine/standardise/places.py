"""Places: country to ISO 3166-1 alpha-2, region to its short code, city folded, postcode compact."""

import re
from typing import Final

from apps.engine.standardise.contract import Parts
from apps.engine.standardise.digraphs import unify_digraphs
from apps.engine.standardise.folding import fold
from apps.engine.standardise.placeholders import is_placeholder_text
from apps.engine.tables import load_rows

_CODE_LENGTH: Final = 2
_US_POSTCODE: Final = re.compile(r"\d{5}(?=\d{4}\Z)")
_NOTHING: Final[Parts] = (None,)
_LONGEST_POSTCODE: Final = 12
# Countries whose postcodes are digits, often written behind a country's letters: "D-10115", "L-1150".
_DIGIT_POSTCODES: Final = frozenset(
    {"AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "HU", "IT", "LU", "NO", "PL", "PT", "RO", "SE", "SK", "US"}
)
# Digits of postcodes some of which begin with a zero.
_US_LENGTH: Final = 5
_ZERO_LED: Final = {
    **dict.fromkeys(["DE", "EE", "ES", "FI", "FR", "HR", "IT", "KR", "LT", "MX", "MY", "TR", "UA", "US"], 5),
    **dict.fromkeys(["AU", "NO", "NZ", "ZA"], 4),
}
_MOST_LOST_ZEROS: Final = 2
_PREFIXED_POSTCODE: Final = re.compile(r"[A-Z]{1,3}(\d{3,})\Z")

_COUNTRIES: Final = {
    spelling: code for code, spellings in load_rows("countries.tsv") for spelling in (*spellings.split("|"),)
}
_ADDRESS_COUNTRIES: Final = {
    spelling: code for code, spellings in load_rows("address_countries.tsv") for spelling in spellings.split("|")
}
_CODES: Final = {code.lower(): code for code, _ in load_rows("countries.tsv")} | {"uk": "GB", "el": "GR"}
_REGIONS: Final = load_rows("regions.tsv")
_US_REGIONS: Final = {code.lower() for country, code, _ in _REGIONS if country == "US"}
_REGION_NAMES: Final = {name: (country, code) for country, code, names in _REGIONS for name in names.split("|")}
# Regions whose code can be read without their country; others need it (SA, WA, NL, SK, ...).
_REGION_CODES: Final = {code.lower(): (country, code) for country, code, _ in reversed(_REGIONS)}
_REGIONS_BY_COUNTRY: Final = {(country, code.lower()) for country, code, _ in _REGIONS} | {
    ("US", territory) for territory in ("pr", "gu", "vi")
}
_EDGAR: Final = {row[0].lower(): (row[1], row[2] or None) for row in load_rows("edgar_codes.tsv")}
_CITY_WORDS: Final = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "twp": "township", "hts": "heights"}
_CITY_SUFFIX: Final = re.compile(r" (?:cedex.*|sur mer|\d.*)$")


def country_named(folded: str) -> str | None:
    """Return the ISO code of a country that an address names in one of the languages that addresses are written in."""
    return _ADDRESS_COUNTRIES.get(folded)


def country_coded(folded: str) -> str | None:
    """Return the ISO code that two folded letters are or stand for ("uk")."""
    return _CODES.get(folded)


def region_named(folded: str) -> tuple[str, str] | None:
    """Return country and short code of the state or province that a folded name says."""
    return _REGION_NAMES.get(folded)


def has_region(country: str, code: str) -> bool:
    """Say whether `code` (lower case) is the short code of a state or province of `country`."""
    return (country, code) in _REGIONS_BY_COUNTRY


def standardise_country(raw: str, context: Parts, _option: str | None) -> Parts:
    """Return the ISO code of a country given by name in any language, by code, or by a part of it ("Ontario, Canada").

    Two letters that are a country's code and a US state's ("DE") mean the state where the region says the same state.
    """
    folded = fold(raw)
    if not folded or (is_placeholder_text(folded) and folded != "na"):
        return _NOTHING
    region = context[0] if context else None
    if len(folded) == _CODE_LENGTH:
        return (_country_of_code(folded, region),)
    return (_COUNTRIES.get(folded) or _country_in_text(raw, folded),)


def standardise_jurisdiction(raw: str, context: Parts, _option: str | None) -> Parts:
    """Return where a company is registered: an ISO country code, or country-region ("US-DE") where a region is meant.

    Two letters that are a country's code and a US state's mean the state where the record's country is the US.
    """
    folded = fold(raw)
    if not folded or (is_placeholder_text(folded) and folded != "na"):
        return _NOTHING
    coded = _region_with_country(folded)
    if coded is not None:
        return (coded,)
    country, region = _EDGAR.get(folded) or _REGION_NAMES.get(folded) or (None, None)
    if country is None and (folded in _US_REGIONS) and (folded not in _CODES or (context and context[0] == "US")):
        country, region = "US", folded.upper()
    if country is None:
        return standardise_country(raw, _NOTHING, None)
    return (f"{country}-{region}" if region else country,)


def _region_with_country(folded: str) -> str | None:
    """Return "US-DE" for "us de" or "delaware us"; None where a text doesn't name a country and a region of it."""
    first, _, second = folded.partition(" ")
    for country, region in ((first, second), (second, first)):
        code = _CODES.get(country) or _ADDRESS_COUNTRIES.get(country)
        named = _REGION_NAMES.get(region)
        if code and has_region(code, region):
            return f"{code}-{region.upper()}"
        if code and named and named[0] == code:
            return f"{code}-{named[1]}"
    country_last, _, last = folded.rpartition(" ")
    named, code = _REGION_NAMES.get(country_last), _CODES.get(last) or _ADDRESS_COUNTRIES.get(last)
    return f"{code}-{named[1]}" if named and code == named[0] else None


def _country_of_code(code: str, region: str | None) -> str | None:
    if code in _US_REGIONS and (region == code.upper() or code not in _CODES):
        return "US"
    if code in _CODES:
        return _CODES[code]
    if code in _EDGAR:
        return _EDGAR[code][0]
    return _REGION_CODES[code][0] if code in _REGION_CODES else None


def _country_in_text(raw: str, folded: str) -> str | None:
    for separator in (",", "(", "/", "-"):
        for piece in reversed(raw.split(separator, 8)[:8]) if separator in raw else ():
            found = _COUNTRIES.get(fold(piece))
            if found:
                return found
    if folded.startswith("the "):
        return _COUNTRIES.get(folded[4:])
    for words in (folded.rsplit(" ", 1)[0], folded.split(" ", 1)[-1]):
        if words in _COUNTRIES:
            return _COUNTRIES[words]
    return _REGION_NAMES[folded][0] if folded in _REGION_NAMES else None


def standardise_region(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return a region's short code ("TX" for "Texas", "BC" for EDGAR's "A1"), else its folded name in upper case."""
    folded = fold(raw)
    if not folded or is_placeholder_text(folded):
        return _NOTHING
    if folded in _EDGAR:
        return (_EDGAR[folded][1],)
    if folded[:3] in {"us ", "ca ", "au ", "gb ", "de "} and folded[3:] in _REGION_CODES:
        return (folded[3:].upper(),)
    if folded in _REGION_NAMES:
        return (_REGION_NAMES[folded][1],)
    return (folded.upper(),)


def standardise_city(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return the folded city name without districts after a comma, cedex and trailing numbers."""
    folded = fold(raw.split(",", 1)[0]) or fold(raw)
    if not folded or is_placeholder_text(folded) or folded.isdigit():
        return _NOTHING
    first, *rest = _CITY_SUFFIX.sub("", folded).split(" ")
    if rest:
        first = _CITY_WORDS.get(first, first)
        rest = [_CITY_WORDS.get(word, word) if word in {"hts", "twp"} else word for word in rest]
    return (" ".join(map(unify_digraphs, (first, *rest))),)


def standardise_postcode(raw: str, context: Parts, _option: str | None) -> Parts:
    """Return the postcode in upper case without spaces; a US ZIP+4 is cut to its first five digits.

    Leading zeros that a spreadsheet took are put back where the country's postcodes are digits only and begin with 0.
    """
    compact = fold(raw).replace(" ", "").upper()
    if not compact or is_placeholder_text(compact.lower()) or not compact.strip("0") or compact in {"99999", "999999"}:
        return _NOTHING
    country = (context[0] or None) if context else None
    if country in {"US", None} and compact.isdigit():
        match = _US_POSTCODE.match(compact)
        if match and (country == "US" or "-" in raw):
            compact = match.group()
        elif country == "US" and "-" in raw and len(compact) > _US_LENGTH:
            compact = compact[:-4]
    prefixed = _PREFIXED_POSTCODE.match(compact) if country in _DIGIT_POSTCODES else None
    if prefixed:
        compact = prefixed.group(1)
    length = _ZERO_LED.get(country or "", 0)
    if length - _MOST_LOST_ZEROS <= len(compact) < length and compact.isdigit():
        compact = compact.zfill(length)
    return (compact if len(compact) <= _LONGEST_POSTCODE else None,)
