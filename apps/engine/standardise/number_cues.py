"""Cues beside a number: "KVK 12345678" and "RCS Paris B 552 100 554" say what number it is and who issued it."""

import re
from dataclasses import dataclass
from typing import Final

from stdnum.mx import rfc

from apps.engine.standardise.folding import ascii_text
from apps.engine.tables import load_rows

_NONE: Final = "-"
_SEAT: Final = "seat"
_COURT: Final = "court"


@dataclass(frozen=True, slots=True)
class _Cue:
    """A row of the table: a kind of number, whose it is, how it begins, and what else stands beside it."""

    kind: str | None
    issuers: tuple[str, ...]
    prefix: str
    place: str


@dataclass(frozen=True, slots=True)
class Cued:
    """A number without its cues.

    `kind` is the scheme that the cues name, None where they name none; `issuers` are the countries whose registers go
    by them, none where many do; `aside` holds the words that belong neither to the cues nor to the number.
    """

    kind: str | None
    issuers: tuple[str, ...]
    number: str
    aside: str | None


def _load() -> dict[str, _Cue]:
    return {
        words: _Cue(
            kind=None if kind == _NONE else kind,
            issuers=() if issuers == _NONE else tuple(issuers.split(",")),
            prefix="" if prefix == _NONE else prefix,
            place=place,
        )
        for words, kind, issuers, prefix, place in load_rows("number_cues.tsv")
    }


_CUES: Final = _load()
_LENGTHS: Final = {
    first: tuple(sorted({words.count(" ") + 1 for words in _CUES if words.split()[0] == first}, reverse=True))
    for first in {words.split()[0] for words in _CUES}
}
# Words that go with a cue and say nothing themselves: "CVR-nr.", "VAT Reg. No.".
_FILLERS: Final = frozenset(
    ["no", "nr", "num", "number", "nummer", "numero", "n", "ndeg", "nos", "id", "idno", "code", "kod", "kodas", "reg",
     "registration", "the", "of", "du", "der", "des", "beim", "with", "und", "and", "sous"]
)  # fmt: skip
_TWO_LETTERS: Final = re.compile(r"[^\W\d_][^\w]?[^\W\d_]")
_DOTTED: Final = re.compile(r"(?<![a-z0-9])(?:[a-z]\.){2,}[a-z]?(?![a-z0-9])|(?<![a-z0-9])[a-z]\.[a-z](?![a-z0-9])")
_TOKEN: Final = re.compile(r"[a-z0-9&]+")
_GLUED: Final = re.compile(r"(fn|[a-z]{3,})(\d[a-z0-9]*)\Z")
_LONGEST_PREFIX: Final = 4
"""Letters that may begin a number, such as a Mexican one or a group of an LEI; more of them are a word."""


def read_cues(raw: str) -> Cued | None:
    """Return the number of an identifier as given, told apart from the cues beside it; None where there is no cue."""
    if not _TWO_LETTERS.search(raw):
        return None
    tokens = _tokens(raw)
    if _LENGTHS.keys().isdisjoint(tokens):
        return None
    cues, rest = _cues_of(tokens)
    if not cues:
        return None
    has_place = any(cue.place == _SEAT for cue in cues)
    number, aside = _told_apart([token for token in rest if token not in _FILLERS], has_place=has_place)
    if not any(map(str.isdigit, number)):
        return None
    prefix = next((cue.prefix for cue in cues if cue.prefix), "")
    number = prefix + number.upper().removeprefix(prefix)
    kind = next((cue.kind for cue in cues if cue.kind), None)
    issuers = next((cue.issuers for cue in cues if cue.issuers), ())
    return Cued(kind, issuers, number, " ".join(aside) or None)


def _tokens(raw: str) -> list[str]:
    text = ascii_text(raw)
    if "." in text:
        text = _DOTTED.sub(lambda match: match.group().replace(".", "") + " ", text)
    tokens: list[str] = []
    for token in _TOKEN.findall(text):
        glued = _GLUED.match(token)
        # A Mexican number begins with any three letters: "CIN831107B41".
        if glued and glued.group(1) in _CUES and not rfc.is_valid(token):
            tokens.extend(glued.groups())
        else:
            tokens.append(token)
    return tokens


def _cues_of(tokens: list[str]) -> tuple[list[_Cue], list[str]]:
    """Return the cues among the tokens, and the other tokens."""
    cues: list[_Cue] = []
    rest: list[str] = []
    index = 0
    while index < len(tokens):
        length = next((n for n in _LENGTHS.get(tokens[index], ()) if " ".join(tokens[index : index + n]) in _CUES), 0)
        cue = _CUES[" ".join(tokens[index : index + length])] if length else None
        # "AG" is a court only in front of its town and another cue: "AG Bonn, HRB 4711".
        if cue is None or (cue.place == _COURT and "hrb" not in tokens and "hra" not in tokens):
            rest.append(tokens[index])
            index += 1
        else:
            cues.append(cue)
            index += length
    return cues, rest


def _told_apart(tokens: list[str], *, has_place: bool) -> tuple[str, list[str]]:
    """Return the tokens that make the number, joined, and the words beside it."""
    longest = 1 if has_place else _LONGEST_PREFIX
    number = [token for token in tokens if not token.isalpha() or len(token) <= longest]
    return "".join(number), [token for token in tokens if token.isalpha() and len(token) > longest]
