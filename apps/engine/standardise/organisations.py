"""Organisation names: what tells a company apart, what qualifies it, its legal form and its initials."""

import re
from functools import lru_cache
from typing import Final

from apps.engine.standardise.aliases import split_names
from apps.engine.standardise.contract import SEPARATOR, Parts
from apps.engine.standardise.digraphs import unify_digraphs
from apps.engine.standardise.folding import MAX_CHARACTERS, ascii_text
from apps.engine.standardise.forms import mend_truncated_form, split_legal_forms
from apps.engine.standardise.glued import part_glued_form
from apps.engine.standardise.listings import cue_words_of, cut_listing_text
from apps.engine.standardise.misspelt import Misspellings
from apps.engine.standardise.particles import join_particles
from apps.engine.standardise.placeholders import is_placeholder_text
from apps.engine.standardise.spelling import tokens_of
from apps.engine.tables import load_rows

NAME_PARTS: Final = ("full", "words", "generic", "form", "acronym", "other")
FORMER_NAME_PARTS: Final = ("full", "words")
MAX_FORMER_NAMES: Final = 12
"""Most former names that are looked at."""

_NOTHING: Final[Parts] = (None,) * len(NAME_PARTS)
_UNNAMED: Final[Parts] = (None,) * 5
# Names that fill these fields of common systems (28 to 40 characters) may have lost their end.
_FIELD_LENGTHS: Final = range(28, 41)
_EXACT_LENGTHS: Final = frozenset({30, 35, 40})
_LONGEST_CUT_END: Final = 2
_LONGEST_ACRONYM: Final = 5
_LONGEST_ABBREVIATION: Final = 3
_SHORTEST_ACRONYM: Final = 2
# With a legal form behind them these are still placeholders: "Test GmbH", "Unknown Ltd".
_NEVER_A_NAME: Final = frozenset({"test", "testing", "unknown", "dummy", "asdf", "qwerty", "na", "none", "tbd"})
_ROMAN: Final = {
    tens + ones: str(10 * tens_value + ones_value)
    for tens_value, tens in enumerate(["", "x", "xx", "xxx"])
    for ones_value, ones in enumerate(["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"])
    if (tens_value or ones_value) and tens + ones != "xxx"
}
_NUMBER_WORDS: Final = {
    word: str(number)
    for number, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)
}
# A word that a number counts: "Fund Two" is "Fund II".
_COUNTED: Final = frozenset({"fund", "funds", "phase", "series", "number", "no", "stage", "unit", "trust", "portfolio"})
_AMBIGUOUS_ROMAN: Final = frozenset({"i", "v", "x", "xi", "vi"})


def _spellings(kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in load_rows("name_words.tsv"):
        if row[0] == kind:
            found |= dict.fromkeys((row[1], *(row[2].split() if len(row) > 2 else ())), row[1])
    return found


_GENERIC: Final = _spellings("generic")
_SPELLING: Final = _spellings("word")
_FUNCTION_WORDS: Final = frozenset(_spellings("function"))
_MISSPELT: Final = Misspellings(_GENERIC)
# What links a name to a place: "Bank of China" is not the Chinese branch of "Bank".
_LINKS: Final = frozenset(["of", "de", "du", "des", "del", "di", "do", "da"])
_PLACES: Final = {
    spelling: row[0]
    for row in load_rows("name_places.tsv")
    for spelling in (row[0], *(row[1].split("|") if len(row) > 1 else ()))
    if spelling
}
_PLACE_STARTS: Final = {
    first: tuple(sorted({s.count(" ") + 1 for s in _PLACES if s.split()[0] == first}, reverse=True))
    for first in {spelling.split()[0] for spelling in _PLACES}
}
_QUALIFIERS: Final = frozenset(
    {
        *_GENERIC,
        *_FUNCTION_WORDS,
        *(_ROMAN.keys() - _AMBIGUOUS_ROMAN),
        *(word for spelling in _PLACES for word in spelling.split()),
    }
)


def standardise_organisation_name(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return full, words, generic, form and acronym of an organisation name in any script, and its other names' words.

    Other names are those that it trades as, was called or is also known as; several are separated by ` | `.
    """
    text = ascii_text(part_glued_form(raw[:MAX_CHARACTERS]))
    cue_words = cue_words_of(text)
    main, others = split_names(text, cue_words)
    may_be_cut = not others and len(text) in _FIELD_LENGTHS
    parts = _parts_of_name(main, cue_words, may_be_cut=may_be_cut)
    if parts == _UNNAMED and others:
        parts = _parts_of_name(others[0], cue_words_of(others[0]), may_be_cut=False)
    if parts == _UNNAMED:
        return _NOTHING
    if not others:
        return *parts, None
    words = dict.fromkeys(_parts_of_name(other, cue_words_of(other), may_be_cut=False)[1] for other in others)
    return *parts, SEPARATOR.join(word for word in words if word and word != parts[1]) or None


def _parts_of_name(text: str, cue_words: set[str], *, may_be_cut: bool) -> Parts:
    cut = cut_listing_text(text, cue_words)
    tokens = tokens_of(cut)
    if not tokens or is_placeholder_text(" ".join(tokens)):
        return _UNNAMED
    whole, cut_form = (
        mend_truncated_form(tokens, fills_field=len(text) in _EXACT_LENGTHS) if may_be_cut else (tokens, None)
    )
    named, form = split_legal_forms(whole, _QUALIFIERS)
    if may_be_cut and len(text) in _EXACT_LENGTHS:
        named = _without_cut_end(named, tokens)
    if form is None and cut_form is None and _SEPARATOR.search(cut):
        named, form = _form_before_a_dash(cut, named)
    form = cut_form or form
    words, generic, initials = _sorted_out(join_particles(named))
    if len(named) == 1 and words[0] in _NEVER_A_NAME:
        return _UNNAMED
    acronym = _acronym(words, initials)
    return (
        " ".join(tokens),
        " ".join(words),
        " ".join(sorted(generic)) or None,
        form,
        acronym,
    )


def _without_cut_end(named: list[str], tokens: list[str]) -> list[str]:
    """Return the tokens without the one or two letters that are left of a word where the field ended."""
    is_end = len(named) > 1 and named[-1] == tokens[-1] and len(named[-1]) <= _LONGEST_CUT_END
    return named[:-1] if is_end and _number(named[-1], is_last=True) is None else named


_SKIPPED: Final = _FUNCTION_WORDS | {"no", "nr"}
_SEPARATOR: Final = re.compile(r" [-/] |, ")


def _form_before_a_dash(text: str, named: list[str]) -> tuple[list[str], str | None]:
    """Return the tokens and the form of a name that a place follows: "Foursquare S.p.A. - Milan"."""
    head, rest = _SEPARATOR.split(text, 1)
    tokens = tokens_of(head)
    if not tokens:
        return named, None
    kept, form = split_legal_forms(tokens, _QUALIFIERS)
    return (kept + tokens_of(rest), form) if form else (named, None)


def standardise_former_names(raw: str, context: Parts, option: str | None) -> Parts:
    """Return the full texts and the words of ` | `-separated former names, in the order given, each name once."""
    found: dict[str, str] = {}
    for name in raw.split(SEPARATOR, MAX_FORMER_NAMES)[:MAX_FORMER_NAMES]:
        full, words, *_ = standardise_organisation_name(name[:MAX_CHARACTERS], context, option)
        if full and words:
            found.setdefault(full, words)
    return SEPARATOR.join(found) or None, SEPARATOR.join(found.values()) or None


def _sorted_out(tokens: list[str]) -> tuple[list[str], set[str], str]:
    """Return distinctive words in order, generic words, and the initials of both."""
    words: list[str] = []
    generic: set[str] = set()
    initials: list[str] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        length, place = _place_at(tokens, index)
        if place is not None:
            initials.extend(part[0] for part in tokens[index : index + length])
            if _is_named_after_place(tokens, index):
                # "Holland & Barrett" keeps its word; "US Steel" and "United States Steel" are one.
                words.append(token if length == 1 and len(token) > _LONGEST_ABBREVIATION else place)
            else:
                generic.add(place)
            index += length
            continue
        index += 1
        if token in _SKIPPED and (token in _FUNCTION_WORDS or _is_number_sign(tokens, index - 1)):
            continue
        initials.append(token[0])
        # "7-Eleven" and "X Corp" begin with what "Fund 7" and "Fund X" end with.
        number = _number(token, is_last=index == len(tokens)) if index > 1 else None
        if number is None and token in _NUMBER_WORDS and index > 1 and tokens[index - 2] in _COUNTED:
            number = _NUMBER_WORDS[token]
        if number is not None:
            generic.add(number)
        elif token in _GENERIC:
            generic.add(_GENERIC[token])
        elif misspelt := _misspelt_general(token):
            generic.add(misspelt)
        else:
            words.append(_distinctive(token))
    if not words:
        plain = [token for token in tokens if token not in _FUNCTION_WORDS] or tokens
        words = [_GENERIC.get(token) or unify_digraphs(token) for token in plain]
    return words, generic, "".join(initials)


@lru_cache(maxsize=65_536)
def _misspelt_general(token: str) -> str | None:
    return None if token in _SPELLING else _MISSPELT.find(token)


@lru_cache(maxsize=65_536)
def _distinctive(token: str) -> str:
    return _SPELLING.get(token) or unify_digraphs(token)


def _is_number_sign(tokens: list[str], index: int) -> bool:
    """Say whether a token is the "No." of "Fund No. 2"."""
    return 0 < index < len(tokens) - 1 and tokens[index + 1].isdigit()


def _is_named_after_place(tokens: list[str], index: int) -> bool:
    before = tokens[index - 1] if index else ""
    if before == "the" and index > 1:
        before = tokens[index - 2]
    return index == 0 or before in _LINKS or (index == 1 and before in _FUNCTION_WORDS)


def _place_at(tokens: list[str], index: int) -> tuple[int, str | None]:
    for length in _PLACE_STARTS.get(tokens[index], ()):
        place = _PLACES.get(tokens[index] if length == 1 else " ".join(tokens[index : index + length]))
        if place:
            return length, place
    return 0, None


def _number(token: str, *, is_last: bool) -> str | None:
    if token.isdigit():
        return token.lstrip("0") or "0"
    if token in _AMBIGUOUS_ROMAN and not is_last:
        return None
    return _ROMAN.get(token)


def _acronym(words: list[str], initials: str) -> str | None:
    if len(words) == 1 and len(initials) <= 1:
        return words[0] if _SHORTEST_ACRONYM <= len(words[0]) <= _LONGEST_ACRONYM else None
    return initials if len(initials) >= _SHORTEST_ACRONYM else None
