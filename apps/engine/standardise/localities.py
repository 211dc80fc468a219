"""What a one-line address holds beyond the street: locality, postcode and country, read from its end.

Read from the end because that is where addresses of all lands agree: country last, before it postcode, region and
locality in some order. Nothing is taken without a sign, for a second line of a street may be a building or an estate.
"""

import re
from typing import Final, NamedTuple

from apps.engine.standardise.folding import words_of
from apps.engine.standardise.placeholders import is_placeholder_text
from apps.engine.standardise.places import (
    country_coded,
    country_named,
    has_region,
    region_named,
    standardise_city,
    standardise_postcode,
)
from apps.engine.standardise.postcodes import NUMBER_FIRST, POSTCODE_DIGITS, Postcode, find_postcode
from apps.engine.standardise.street_words import TYPES, UNITS, canonical_words, has_type
from apps.engine.tables import load_lines

_SEGMENTS: Final = re.compile(r"[,;|]|\s-\s(?!\d{1,3}\b)|(?<=[a-z]{3})\s-\s")
_PREFIX_DASH: Final = re.compile(r"(?<![a-z0-9])([a-z]{1,2}) - (?=\d{4})")
_MOST_SEGMENTS: Final = 12

_AREAS: Final = load_lines("address_areas.txt")
_REGION_COUNTRIES: Final = ("US", "CA", "AU")
# States and provinces whose name is as well their city's.
_CITY_REGIONS: Final = frozenset({"berlin", "hamburg", "bremen"})
_CITY_AND_REGION: Final = frozenset({"new york", "quebec", "washington"})
_CITY_COUNTRIES: Final = frozenset(
    {"luxembourg", "luxemburg", "singapore", "singapur", "monaco", "hong kong", "gibraltar", "dubai", "abu dhabi",
     "macau", "macao", "djibouti", "san marino"}
)  # fmt: skip
_NUMBERED_CITIES: Final = frozenset(
    {"dublin", "cork", "praha", "prague", "wien", "vienna", "paris", "lyon", "marseille", "budapest", "bucuresti"}
)
# Street types that end the names of towns as well: "Overland Park", "Bowling Green".
_TOWN_TYPES: Final = frozenset(
    {"park", "hill", "green", "grove", "row", "rise", "quay", "wharf", "ring", "gdns", "walk"}
)
_BUILDINGS: Final = frozenset(
    ["house", "building", "bldg", "tower", "towers", "campus", "floor", "unit", "dept", "room", "trade", "works",
     "mill", "mills", "hall", "airport", "terminal", "gate", "gateway", "zone", "headquarters", "hq", "office",
     "offices", "plant", "warehouse", "mall", "exchange", "industrial", "business", "site", "hospital", "school",
     "university", "college", "division", "department", "attn", "suite", "ste", "level", "block", "wing", "box",
     "gewerbegebiet", "gewerbepark", "zi", "za", "zac", "poligono", "centro", "zona", "village", "complex", "lodge"]
)  # fmt: skip
_LINKS: Final = frozenset({"of", "de", "du", "des", "della", "del", "di"})
_LONGEST_UNSIGNED_CITY: Final = 3
_MOST_STEPS: Final = 8
_INLINE: Final = re.compile(
    r"^\d.*[a-z] \d{5} [a-z]|"
    r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b|\b[a-z]\d[a-z] ?\d[a-z]\d\b"
    r"|\b[a-z]{2,3}\.? \d{4,5}(?:-\d{4})?\b|\d[a-z]? (?:[a-z]{1,2}-)?\d{2,5}[ -]?(?:\d{2,3}|[a-z]{2})? [a-z]"
)
_CONTINENTAL: Final = re.compile(
    r"(?P<street>.*[a-z].*\d[a-z]?(?:-\d+[a-z]?)?) "
    r"(?P<rest>(?:[a-z]{1,3}-)?(?:\d{4,5}|\d{2}-\d{3}|\d{3} \d{2}|\d{4} ?[a-z]{2}) [a-z].*)\Z"
)
_PARENTHESISED_END: Final = re.compile(r"\s\([^()]*\)\Z")
_TOWN_INLINE: Final = re.compile(r"(?P<street>.*[a-z]) (?P<rest>\d{4,5} [a-z].*)\Z")
_NO_POSTCODES: Final = frozenset({"0000", "00000", "000000", "9999", "99999", "999999"})
_TWO_NUMBERS: Final = re.compile(r"\d[a-z]?\D+\d")
_DIGIT: Final = re.compile(r"\d")


class Tail(NamedTuple):
    """What was read from the end of an address; `is_signed` where any of it makes a locality before it likely."""

    city: str | None = None
    postcode: str | None = None
    country: str | None = None
    region: str | None = None

    @property
    def is_signed(self) -> bool:
        """Say whether postcode, region or country was found, so that a locality is likely to stand before it."""
        return self.postcode is not None or self.country is not None or self.region is not None


NO_TAIL: Final = Tail()


def split_tail(text: str, country: str | None) -> tuple[str, Tail]:
    """Return an address in lower-case ASCII without what stands behind street and town, and that.

    `country` is the record's own, where known.
    """
    if not _has_segments(text):
        may_be_whole = _TWO_NUMBERS.search(text) or text[-5:].isdigit()
        if not (may_be_whole and _INLINE.search(text)):
            return text, NO_TAIL
    segments = pieces_of(text)
    if segments and _is_unit(segments[-1]):
        return text, NO_TAIL
    tail = NO_TAIL
    for _ in range(_MOST_STEPS):
        stepped = _step(segments, tail, country) if segments and tail.city is None else None
        if stepped is None:
            break
        tail = stepped
    return ", ".join(segments), tail


def _has_segments(text: str) -> bool:
    return "," in text or " - " in text or ";" in text or "|" in text


def take_city(text: str, tail: Tail, country: str | None, *, has_town: bool) -> tuple[str, str | None]:
    """Return an address that `split_tail` and the readers of units have shortened, without its town, and the town.

    A bare name is a town where the record has no other (`has_town`).
    """
    if tail.city is not None or not (tail.is_signed or _has_segments(text) or not has_town):
        return text, tail.city
    pieces = pieces_of(text)
    if len(pieces) <= 1 and not tail.is_signed and (has_town or _DIGIT.search(text)):
        return text, None
    segments = [piece for piece in pieces if not _says_nothing(piece)]
    last = segments[-1] if segments else ""
    if len(segments) == 1 and not tail.is_signed:
        return ("", last) if not has_town and _is_bare_town(last) else (last, None)
    if (len(segments) > 1 and _is_town(last, segments[:-1], tail, country)) or (
        len(segments) == 1 and tail.is_signed and not _is_street(last) and not _DIGIT.search(last)
    ):
        return ", ".join(segments[:-1]), last
    if tail.is_signed and last:
        street, town = _split_inline(last)
        if town:
            return ", ".join([*segments[:-1], street]), town
    return ", ".join(segments), _town_of_region(tail)


def locality_parts(city: str | None, tail: Tail, country: str | None) -> tuple[str | None, str | None, str | None]:
    """Return city, postcode and country as the standardisers of those attributes give them."""
    code = standardise_postcode(tail.postcode, (tail.country or country,), None)[0] if tail.postcode else None
    return standardise_city(city, (), None)[0] if city else None, code, tail.country


def pieces_of(text: str) -> list[str]:
    """Return what stands between commas, semicolons, bars and spaced dashes, as far as it says anything."""
    if " - " in text or ";" in text or "|" in text:
        pieces = _SEGMENTS.split(_PREFIX_DASH.sub(r"\1-", text), _MOST_SEGMENTS)
    elif "," in text:
        pieces = text.split(",", _MOST_SEGMENTS)
    else:
        pieces = [text]
    stripped = [piece.strip(" .") for piece in pieces[:_MOST_SEGMENTS]]
    return [piece for piece in stripped if piece]


def _is_unit(text: str) -> bool:
    """Say whether a text is a plain "suite 200" or "4th floor", with which the address ends."""
    first, _, last = text.partition(" ")
    # "FL 33101" is in Florida.
    is_zip = first == "fl" and last.isdigit() and len(last) == POSTCODE_DIGITS["US"]
    return (
        not is_zip
        and last.isalnum()
        and (UNITS.get(first) is not None or (UNITS.get(last) == "fl" and first[:1].isdigit()))
    )


def _step(segments: list[str], tail: Tail, known: str | None) -> Tail | None:
    """Take one thing from the last segment; None where there is nothing more to take."""
    last = segments[-1]
    is_first = len(segments) == 1
    if _says_nothing(last):
        segments.pop()
        return tail._replace(postcode=tail.postcode or "") if last in _NO_POSTCODES else tail
    if not is_first:
        country = _country_of(last, segments[-2], tail, known)
        if country:
            segments.pop()
            return tail._replace(country=tail.country or country, region=tail.region or _region_of_name(last))
    if tail.postcode is None:
        found = _inline_postcode(last, known) if is_first else _postcode_of(last, segments[-2], tail.country or known)
        if found is not None:
            return _with_postcode(segments, tail, found, known)
        if not is_first and not _DIGIT.search(last):
            before = _step_over_town(segments, tail, known)
            if before is not None:
                return before
    return _step_region(segments, tail, known)


def _says_nothing(text: str) -> bool:
    return is_placeholder_text(words_of(text)) or text in _NO_POSTCODES


def _step_over_town(segments: list[str], tail: Tail, known: str | None) -> Tail | None:
    """Read a postcode in the last segment but one: "08107 Martorelles, Barcelona" and "11164, Stockholm"."""
    if len(segments) <= len(("street", "postcode")) or (known is None and not _DIGIT.search(segments[0])):
        return None
    found = _postcode_of(segments[-2], segments[-3], tail.country or known)
    if found is None or (found.before and found.country is None):
        return None
    last = segments.pop()
    if found.before or found.after:
        return _with_postcode(segments, tail._replace(region=words_of(last)), found, known)
    return _with_postcode(segments, tail, found, known)._replace(city=last)


def _country_of(text: str, before: str, tail: Tail, known: str | None) -> str | None:
    folded = words_of(text)
    if len(folded) == len("US"):
        coded = country_coded(folded)
        if any(has_region(country, folded) for country in _REGION_COUNTRIES) and coded != known:
            return None
        return coded if coded == known or folded in {"uk", "us"} or tail == NO_TAIL else None
    if folded in _CITY_COUNTRIES and _is_street(before):
        return None
    country = country_named(folded)
    if country != "GB" and region_named(folded) is not None:
        return None
    # "Camino de Ronda 77, Granada" is in Spain, where the record says so.
    is_town = known not in {None, country} and tail.postcode is None and _DIGIT.search(before)
    return None if is_town else country


def _region_of_name(text: str) -> str | None:
    folded = words_of(text)
    return folded if folded in _CITY_COUNTRIES else None


def _postcode_of(text: str, before: str, country: str | None) -> Postcode | None:
    found = find_postcode(text, country) or _postcode_between(text, before, country)
    if found is None:
        return None
    if found.code.isdigit() and found.country is None:
        # "Via Roma, 1234" and "Suite 5, 14135 Midway Road" hold house numbers.
        if not found.before and not found.after and _is_street(before) and not _DIGIT.search(before):
            return found if country and len(found.code) > len("1234") else None
        if _is_street(found.after) or (_is_street(found.before) and not found.after):
            return None
    return found


def _postcode_between(text: str, before: str, country: str | None) -> Postcode | None:
    """Return the digits between street and town where the house number stood before a comma: "8, allee X 33000 Y"."""
    match = _TOWN_INLINE.match(text) if country not in NUMBER_FIRST and before.isalnum() else None
    found = find_postcode(match["rest"], country) if match else None
    return found._replace(before=match["street"]) if match and found else None


def _inline_postcode(text: str, known: str | None) -> Postcode | None:
    """Return the postcode of an address without commas: lettered, behind a state, or in front of a last town."""
    found = find_postcode(text, known)
    if found is not None and found.before and found.country in {"GB", "CA", "IE", "US", "AU"}:
        return found
    if found is None and not text[-1].isdigit():
        left, country = _without_country(text)
        if country and left[-1:].isalnum() and _DIGIT.search(left[-2:]):
            found = find_postcode(left, known)
            if found is not None and found.before and found.country:
                return found._replace(after=text[len(left) :].strip())
    if known in NUMBER_FIRST:
        return None
    match = _CONTINENTAL.match(text)
    if match is None and text[0].isdigit():
        # "18 rue Sainte-Catherine 33000 Bordeaux" has its number in front.
        match = _TOWN_INLINE.match(text)
        match = match if match and _is_street(match["street"]) else None
    found = find_postcode(match["rest"], known) if match else None
    if match is None or found is None or _is_street(found.after):
        return None
    return found._replace(before=f"{match['street']} {found.before}".strip())


def _with_postcode(segments: list[str], tail: Tail, found: Postcode, known: str | None) -> Tail:
    segments.pop()
    if found.before:
        segments.append(found.before)
    tail = tail._replace(postcode=found.code, country=tail.country or found.country)
    after, country = _without_country(_PARENTHESISED_END.sub("", found.after))
    tail = tail._replace(country=tail.country or country)
    if after and len(after) > len("NY"):
        words = after.split()
        if len(words) > 1 and len(words[-1]) == len("MI") and (tail.country or known) not in NUMBER_FIRST:
            after = " ".join(words[:-1])
        tail = tail._replace(city=after)
    elif not after and country and words_of(found.after) in _CITY_COUNTRIES:
        tail = tail._replace(city=found.after)
    return tail


def _without_country(text: str) -> tuple[str, str | None]:
    words = text.split()
    for length in range(min(4, len(words)), 0, -1):
        folded = words_of(" ".join(words[-length:]))
        country = country_named(folded) or ("GB" if folded == "uk" else "US" if folded == "us" else None)
        if country:
            return " ".join(words[:-length]), country
    return text, None


def _step_region(segments: list[str], tail: Tail, known: str | None) -> Tail | None:
    last = segments[-1]
    folded = words_of(last)
    if len(segments) > 1 and folded not in _CITY_REGIONS and tail.region is None:
        region = region_named(folded)
        is_code = len(folded) in {2, 3} and _country_of_code(folded, tail, known) is not None
        is_area = folded in _AREAS and (tail.country or known) not in _REGION_COUNTRIES
        if (is_area or region is not None) and not (_is_street(segments[-2]) or _DIGIT.search(segments[-2])):
            segments.pop()
            return tail._replace(region=folded, country=tail.country or (region[0] if region else None))
        if is_code:
            segments.pop()
            return tail._replace(region=folded, country=tail.country or _country_of_state(folded, tail, known))
    if tail.region is not None or (len(segments) == 1 and tail.postcode is None):
        return None
    return _step_region_behind_town(segments, tail, known)


def _step_region_behind_town(segments: list[str], tail: Tail, known: str | None) -> Tail | None:
    words = segments[-1].split()
    for length in range(min(3, len(words)), 0, -1):
        region = words_of(" ".join(words[-length:]))
        left = words[:-length]
        is_code = length == 1 and len(region) in {2, 3} and _country_of_code(region, tail, known) is not None
        named = region_named(region)
        is_name = named is not None and region not in _CITY_REGIONS and named[0] in {known or tail.country, "US"}
        # "21st Fl" is a floor, not a town in Florida.
        if left and not _DIGIT.search(left[-1]) and (is_code or (is_name and tail.postcode is not None)):
            segments[-1] = " ".join(left)
            return tail._replace(region=region)
        if not left and is_code and len(segments) > 1:
            segments.pop()
            return tail._replace(region=region)
    return None


def _country_of_code(code: str, tail: Tail, known: str | None) -> str | None:
    countries = (known or tail.country,) if known or tail.country else _REGION_COUNTRIES
    return next((country for country in countries if country and has_region(country, code)), None)


def _country_of_state(code: str, tail: Tail, known: str | None) -> str | None:
    """Return the country of a state's code that stands before digits of that country's length."""
    country = _country_of_code(code, tail, known)
    digits = tail.postcode or ""
    return country if digits.isdigit() and len(digits) == POSTCODE_DIGITS.get(country or "") else None


def _is_street(text: str) -> bool:
    words = canonical_words(words_of(text).split())
    return has_type([word for word in words if word not in _TOWN_TYPES])


def _is_town(text: str, before: list[str], tail: Tail, known: str | None) -> bool:
    words = words_of(text).split()
    if not words:
        return False
    if _DIGIT.search(text):
        return len(words) > 1 and words[0] in _NUMBERED_CITIES and words[1].isdigit() and len(words[1]) < len("100")
    if "box" in words or (_is_street(text) and not _is_behind_street(before, tail, known)):
        return False
    if tail.is_signed:
        return words[-1] not in _BUILDINGS or tail.postcode is not None
    follows_street = any(_DIGIT.search(piece) for piece in before)
    is_plain = _BUILDINGS.isdisjoint(words) and not has_type(canonical_words(words))
    return follows_street and is_plain and len(words) <= _LONGEST_UNSIGNED_CITY and len(words[0]) > 1


def _is_bare_town(text: str) -> bool:
    words = words_of(text).split()
    is_plain = _BUILDINGS.isdisjoint(words) and not has_type(canonical_words(words)) and not _DIGIT.search(text)
    return is_plain and len(words) <= _LONGEST_UNSIGNED_CITY and len(text) > len("MN")


def _is_behind_street(before: list[str], tail: Tail, known: str | None) -> bool:
    """Say whether number and street were named already, so that "Kennett Square, PA" is a town."""
    numbered = any(_DIGIT.search(piece) and _is_street(piece) for piece in before)
    return numbered and tail.postcode is not None and "US" in {known, tail.country}


def _split_inline(text: str) -> tuple[str, str | None]:
    """Return street and town of an address without commas: a town follows the last street type or the house number."""
    for city in _CITY_AND_REGION:
        if text.endswith(f" {city}"):
            return text.removesuffix(city).strip(), city
    words = text.split()
    at = next(
        (i for i in range(len(words) - 1, 0, -1) if words[i].strip(".") in TYPES or _DIGIT.search(words[i])), None
    )
    # "1290 Avenue of the Americas" goes on.
    if at is None or at + 1 >= len(words) or words[at + 1] in _LINKS:
        return text, None
    if len(words[at + 1].strip(".")) <= len("NW") and at + 2 < len(words):
        at += 1
    town = " ".join(words[at + 1 :])
    return " ".join(words[: at + 1]), town or None


def _town_of_region(tail: Tail) -> str | None:
    return tail.region if tail.region in _CITY_AND_REGION or tail.region in _CITY_COUNTRIES else None
