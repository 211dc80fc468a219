"""Streets: house number, street name in canonical words, unit, post box; from one line or a whole address.

Written here because usaddress is not installed everywhere and knows one country; this reads tokens against a keyword
table, so an unknown country's street still comes out as comparable words.
"""

import re
from typing import Final, NamedTuple

from apps.engine.standardise.contract import Parts
from apps.engine.standardise.folding import MAX_CHARACTERS, ascii_text
from apps.engine.standardise.localities import NO_TAIL, locality_parts, pieces_of, split_tail, take_city
from apps.engine.standardise.placeholders import is_placeholder_text
from apps.engine.standardise.spelling import tokens_of
from apps.engine.standardise.street_words import (
    MONTHS,
    NUMBERS,
    ORDINAL_TOKEN,
    ORDINALS,
    TYPES,
    UNITS,
    canonical_words,
    has_type,
)

STREET_CONTEXT: Final = ("country.code", "city.name")
STREET_PARTS: Final = ("number", "name", "unit", "box", "city", "postcode", "country")
_NOTHING: Final[Parts] = (None,) * len(STREET_PARTS)
_DIGITS: Final = frozenset("0123456789")
_LONGEST_PLACEHOLDER: Final = 20
_BEST_RANK: Final = 6
_SITES: Final = frozenset({"park", "estate", "ctr", "yard", "wharf"})


_FLOORS: Final = frozenset({"fl", "lvl", "etage", "og", "piso", "verdieping", "planta", "pietro", "vaning", "plan"})

_BOX: Final = re.compile(
    r"\b(?:g?p\.?\s?o\.?\s?box|skr(?:ytka|\.)? pocztowa|case postale|"
    r"post(?:al)? (?:office )?box|postfach|postbus|apartado(?: de correos)?|casella postale|"
    r"c\.?p\.(?= ?\d)|boite postale|b\.?p\.?(?= ?\d)|caixa postal|locked bag|private bag|pobox|pob|box(?= \d))"
    r"[\s:.#]*(?:no\.?\s*)?([a-z]?[\s-]?\d{1,9}(?:(?:[ -]\d{2,3}){1,3}(?=\s*(?:,|\Z)))?)"
)
# A pattern runs only where one of its words occurs: most streets have none.
_BOX_CUE: Final = re.compile(r"box|po[sc][tz]|bag|pob|apart|casella|caixa|boite|[bc]\.?p")
_UNIT_CUES: Final = frozenset({*UNITS, *_FLOORS, "floor", "flr", "level", "stock", "f", "m", "tr", "l"})
_BLANKS: Final = str.maketrans(dict.fromkeys(".,;:()-/'\"", " "))
_CARE_OF: Final = re.compile(r"(?:c/o|c\\o|care of|attn\.?:?|attention:?)\s[^,\d]*,?")
# Canada and Australia write the unit in front of the house: "300-1285 West Pender Street".
_UNIT_AND_HOUSE: Final = re.compile(r"(\d{1,5})-(\d{1,5})\Z")
_UNIT_FIRST: Final = frozenset({"CA", "AU"})
_WIDEST_RANGE: Final = 60
_RANGE: Final = re.compile(r"(?<![\w-])(\d{1,5}[a-z]?)\s?[-/]\s?(\d{1,5}[a-z]?)(?![\w-])")
_UNIT: Final = re.compile(
    r"(?<![a-z0-9])(?:(?P<ordinal>\d{1,3}(?:st|nd|rd|th|eme|er|e|o|\.)?|"
    r"[a-z]{2,8}(?:st|nd|rd|th|d)|ground|lower|upper|top)[ -]"
    r"(?P<floor>floor|flr|fl|level|etage|og|stock|piso|verdieping|tr)\b\.?"
    r"|(?:(?P<high>\d{1,3})/f(?![a-z])|\Al\.? ?(?P<level>\d{1,2})(?=,))"
    r"|(?P<word>" + "|".join(sorted(UNITS, key=lambda word: (-len(word), word))) + r")\b[. ]*(?:no\b[. ]*)?#?\s*"
    r"(?P<value>(?:[a-z]-?)?\d[a-z0-9]*(?:[-.](?=\w)[a-z0-9]+)?|[a-z]\b(?!\s[a-z]\b))"
    r"|#\s?(?P<hash>[a-z0-9-]+)"
    r"|(?<=\d )m\.? ?(?P<flat>\d{1,4})(?=\s*(?:,|\Z)))"
)
_HOUSE: Final = re.compile(r"\d{1,6}(?:[a-z]|bis|ter)?(?:-\d{1,6}[a-z]?)?\Z")
_BIS: Final = re.compile(r"(?<=\d) (bis|ter)\b,?")
_NO_NUMBER: Final = re.compile(r"\bs/n\b")
# Numbers behind these words are the road's, not the house's.
_NUMBERED_ROADS: Final = frozenset(["km", "route", "rte", "highway", "hwy", "statale", "provinciale", "interstate"])
_NUMBER_SIGN: Final = re.compile(r"\b(?:no|nr|num|nro|n)[.:]?\s?(?=\d)")
_NOT_STREET_TEXT: Final = re.compile(r"[^a-z0-9-]+")
_SHORT_TYPES: Final = {
    "v.le": "viale",
    "c.so": "corso",
    "p.za": "piazza",
    "p.zza": "piazza",
    "l.go": "largo",
    "v.": "via",
    "c/": "calle",
    "c.": "calle",
    "po": "paseo",
}
_SHORT_TYPE: Final = re.compile(r"^(?:(v\.le|c\.so|p\.z?za|l\.go|v\.|c/(?!o\b)|c\.)\s?(?=[a-z])|(po) (?=de))")
_STR_DOT: Final = re.compile(r"(?<=[a-z])str\.(?=\W|\d|$)|(?<=[a-z]{3})str(?=\s\d|$)")


class _Segment(NamedTuple):
    number: str | None
    words: tuple[str, ...]
    rank: int


_NO_LOCALITY: Final = (None, None, None)
_NO_SEGMENT: Final = _Segment(None, (), 0)


def standardise_street(raw: str, context: Parts, _option: str | None) -> Parts:
    """Return number, name, unit and box of a street, and town, postcode and country where the line holds them, too.

    The last three are null where only a street was given. The record's country, where known, says how to read digits; a
    record without a town whose street is a bare name ("Copenhagen") lives in that town.
    """
    text = ascii_text(raw[:MAX_CHARACTERS].replace("\n", ", ").replace("\r", ","))
    if not text or (len(text) <= _LONGEST_PLACEHOLDER and _says_nothing(text)):
        return _NOTHING
    country = context[0] if context else None
    has_town = len(context) < len(STREET_CONTEXT) or context[1] is not None
    cut = _CARE_OF.sub(" ", text) if "c/o" in text or "c\\o" in text or "att" in text or "care" in text else text
    parts = _read_address(cut, country, has_town=has_town)
    # "C/O LEGAL ONE M&T PLAZA" does not say where the carer ends and the street begins.
    return parts if parts != _NOTHING else _read_address(text.removeprefix("c/o"), country, has_town=has_town)


def _says_nothing(text: str) -> bool:
    # Of placeholders only "test 1" and its like hold a digit, of streets nearly all.
    may_be = _DIGITS.isdisjoint(text) or text.startswith("test")
    return may_be and is_placeholder_text(" ".join(tokens_of(text)))


def _read_address(text: str, country: str | None, *, has_town: bool) -> Parts:
    text, tail = split_tail(text, country)
    text, box = _taken(_BOX, text) if _BOX_CUE.search(text) else (text, None)
    text = _STR_DOT.sub("strasse ", text) if "str" in text else text
    short = _SHORT_TYPE.match(text)
    if short is not None:
        text = f"{_SHORT_TYPES[short.group(1) or short.group(2)]} {text[short.end() :]}"
    text, units = _without_units(text)
    text, city = take_city(text, tail, country, has_town=has_town)
    segment = _best_segment(_with_plain_numbers(text)) or _NO_SEGMENT
    number, unit = _unit_and_house(segment.number, tail.country or country)
    return (
        number,
        " ".join(segment.words) or None,
        " ".join(sorted({*units, unit} if unit else units)) or None,
        box.replace(" ", "").replace("-", "") if box else None,
        *(locality_parts(city, tail, country) if city or tail is not NO_TAIL else _NO_LOCALITY),
    )


def _with_plain_numbers(text: str) -> str:
    """Return the text with "12 - 14" as "12-14", "12 bis" as "12bis", and without "No." and "s/n"."""
    if "s/n" in text:
        text = _NO_NUMBER.sub(" ", text)
    if "bis" in text or " ter" in text:
        text = _BIS.sub(r"\1 ", text)
    if " n" in text or text.startswith("n"):
        text = _NUMBER_SIGN.sub("", text)
    return _RANGE.sub(r"\1-\2", text) if "-" in text or "/" in text else text


def _unit_and_house(number: str | None, country: str | None) -> tuple[str | None, str | None]:
    """Return house number and unit of what looks like a range of houses, but is too wide for one or falls."""
    match = _UNIT_AND_HOUSE.match(number) if number and "-" in number and country in _UNIT_FIRST else None
    if match is None or 0 < int(match.group(2)) - int(match.group(1)) <= _WIDEST_RANGE:
        return number, None
    return match.group(2), match.group(1)


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str | None]:
    match = pattern.search(text)
    if match is None:
        return text, None
    return f"{text[: match.start()]} , {text[match.end() :]}", match.group(1)


def _without_units(text: str) -> tuple[str, list[str]]:
    """Return the text with a comma for each unit, and the units as "fl4", "ste300", floors first."""
    units: set[str] = set()
    if "#" not in text and _UNIT_CUES.isdisjoint(text.translate(_BLANKS).split()):
        return text, []

    def keep(match: re.Match[str]) -> str:
        unit = _unit_of(match)
        if unit is None:
            return match.group()
        units.add(unit)
        return " , "

    text = _UNIT.sub(keep, text)
    return text, sorted(units)


def _unit_of(match: re.Match[str]) -> str | None:
    if match["floor"] or match["high"] or match["level"]:
        ordinal = match["high"] or match["level"] or match["ordinal"]
        ordinal = ordinal.rstrip(".")
        level = ORDINALS.get(ordinal) or ORDINAL_TOKEN.sub(r"\1", ordinal)
        return f"fl{level}" if level.isdigit() or level in {"ground", "lower", "upper", "top"} else None
    if match["hash"] or match["flat"]:
        return (match["hash"] or match["flat"]).replace("-", "") or None
    word = UNITS[match["word"]]
    value = match["value"].replace("-", "").replace(".", "")
    if word in _FLOORS:
        return f"fl{ORDINAL_TOKEN.sub(chr(92) + '1', value)}"
    # "Ste 5" and "Unit 5" and "#5" of one house are the same door.
    return value


def _best_segment(text: str) -> _Segment | None:
    """Return the segment most like a street: number and street word, then either, then the first with words."""
    best: _Segment | None = None
    pending: str | None = None
    for piece in pieces_of(text):
        segment = _read_segment(piece, pending)
        pending = None
        if not segment.words:
            pending = segment.number
            # "Am Markt, 5": a number alone may also close the segment before it.
            if best is not None and best.number is None and segment.number:
                best, pending = best._replace(number=segment.number, rank=best.rank + 4), None
            continue
        if best is None or segment.rank > best.rank:
            best = segment
            if best.rank == _BEST_RANK:
                break
    return best


def _read_segment(piece: str, pending: str | None) -> _Segment:
    tokens = _street_tokens(piece)
    number, words = pending, tokens
    at = _house_at(tokens)
    if number is None and at is not None:
        number = tokens[at]
        # Words before a leading number are a building or a company, not the street: "Foot Locker Inc 330 W 34 St".
        after = tokens[at + 1 :]
        words = after if at == 0 or has_type(after) else tokens[:at] + after
    elif number is None and tokens and tokens[0] in NUMBERS:
        number, words = NUMBERS[tokens[0]], tokens[1:]
    words = _without_house_name(words)
    canonical = canonical_words(words)
    # Where a park or an estate and a road are named, the house stands in the road.
    rank = 2 if has_type([word for word in canonical if word not in _SITES]) else 1 if has_type(canonical) else 0
    return _Segment(number, tuple(canonical), rank + (4 if number else 0))


def _house_at(tokens: list[str]) -> int | None:
    """Return where the house number stands; "Route 9" has none, and "ul. 3 Maja 8" begins with a date."""
    date: int | None = None
    for index, token in enumerate(tokens):
        if not token[0].isdigit() or not _HOUSE.match(token) or (index and tokens[index - 1] in _NUMBERED_ROADS):
            continue
        if date is None and index + 1 < len(tokens) and tokens[index + 1] in MONTHS:
            date = index
            continue
        return index
    return date


def _without_house_name(words: list[str]) -> list[str]:
    """Return the words after a house name: "Landscape House Premier Way" lies in Premier Way."""
    at = next((i for i, word in enumerate(words[:-2]) if i and word == "house"), None)
    return words[at + 1 :] if at is not None and TYPES.get(words[-1]) else words


def _street_tokens(piece: str) -> list[str]:
    tokens: list[str] = []
    for token in _NOT_STREET_TEXT.sub(" ", piece.replace("'", "")).split():
        if "-" not in token or _HOUSE.match(token):
            tokens.append(token)
        else:
            tokens.extend(part for part in token.split("-") if part)
    if len(tokens) > 1 and len(tokens[-1]) == 1 and tokens[-1] in "abcdefgh" and tokens[-2].isdigit():
        tokens[-2:] = [tokens[-2] + tokens[-1]]
    return tokens
