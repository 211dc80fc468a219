"""Two names read word by word: how far they agree, and which words are left over on either side.

A reading is pure text: how rare the words are is for the comparers to weigh. Distinctive words decide how far the names
agree; general words ("Holding", "Deutschland", "II") find their twins like the others and count where they are left
over, because they are what tells a subsidiary from its parent.
"""

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from apps.engine.compare.similarity import edit_similarity
from apps.engine.compare.words import SHORTEST_SPELLING, Twin, is_numbering, twin_of

MOST_WORDS: Final = 8
MOST_GENERAL: Final = 4
SEPARATOR: Final = " | "
NAMES_ALIKE: Final = 900
SHORTEST_ACRONYM: Final = 3
CUT_LENGTHS: Final = range(28, 37)
CUT_AT_A_SPACE: Final = 33
"""Systems that cap names cap them at 30 to 35 characters; folding shortens a cut name a little."""
EQUAL: Final = 0

Words = tuple[str, ...]
Sides = tuple[Words, Words]


class Agreement(IntEnum):
    """How far two names agree, the surest first."""

    SAME = 0
    ALIKE = 1
    SHORTENED = 2
    NEARLY_ALIKE = 3
    CUT_SHORT = 4
    ALSO_SAME = 5
    ALSO_ALIKE = 6
    STARTS = 7
    SHARES = 8
    ACRONYM = 9
    NONE = 10


BY_WORST_TWIN: Final = {
    EQUAL: Agreement.SAME,
    Twin.SLIP: Agreement.ALIKE,
    Twin.SHORT_FORM: Agreement.SHORTENED,
    Twin.OTHER_LETTER: Agreement.NEARLY_ALIKE,
}
WHOLE: Final = frozenset(BY_WORST_TWIN.values())
"""Agreements in which every distinctive word has a twin."""
ALSO: Final = {Agreement.SAME: Agreement.ALSO_SAME, Agreement.ALIKE: Agreement.ALSO_ALIKE}
COMPARES_WORDS: Final = WHOLE | {Agreement.STARTS, Agreement.SHARES}
"""Agreements that rest on the present names' words, so that words left over mean something."""


class Name(NamedTuple):
    """One record's name: distinctive and general words, other and former names' words, initials, the full name."""

    words: str | None
    general: str | None
    former: str | None
    other: str | None
    acronym: str | None
    full: str | None


class Reading(NamedTuple):
    """What a pair of names says; words come as one tuple per side.

    `shared` are the words that agree, in as many ways as they do: more than one where several former names do.
    `general` are the general words of either side, `general_shared` says whether both have one that is the same.
    """

    agreement: Agreement
    shared: tuple[Sides, ...]
    left_over: Sides
    general: frozenset[str]
    general_shared: bool


@lru_cache(maxsize=65_536)
def read_names(left: Name, right: Name) -> Reading:
    """Return the reading of two names; both must have words."""
    ours, theirs = words_of(left.words), words_of(right.words)
    our_general, their_general = general_of(left.general, ours), general_of(right.general, theirs)
    found = _align((ours, our_general), (theirs, their_general))
    agreement, shared = _agreement(left, right, found)
    # Where the whole agrees, no distinctive word is left over.
    told = ((), ()) if agreement in WHOLE else (ours, theirs)
    over = (
        tuple(word for word in (*told[0], *our_general) if found.left[word] == Twin.NONE),
        tuple(word for word in (*told[1], *their_general) if found.right[word] == Twin.NONE),
    )
    general = frozenset((*our_general, *their_general))
    return Reading(agreement, shared, over, general, not set(our_general).isdisjoint(their_general))


@lru_cache(maxsize=65_536)
def words_of(name: str | None) -> Words:
    """Return a name's distinct words in order, as many as are compared."""
    return tuple(dict.fromkeys((name or "").split()[:MOST_WORDS]))


def general_of(general: str | None, words: Words) -> Words:
    """Return the distinct general words that are not among the distinctive ones."""
    return tuple(word for word in dict.fromkeys((general or "").split()[:MOST_GENERAL]) if word not in words)


def is_cut_short(left: str, right: str) -> bool:
    """Say whether one full name is the other, cut by a system that caps names.

    A cut at the end of a word is believed only near the usual cap: the parent's name begins its subsidiary's, too.
    """
    short, long = sorted((left, right), key=len)
    if len(short) not in CUT_LENGTHS or len(long) == len(short) or not long.startswith(short):
        return False
    return len(short) >= CUT_AT_A_SPACE or long[len(short)] != " "


class _Alignment(NamedTuple):
    """Each side's words and general words with how they found a twin on the other side."""

    words: Sides
    left: dict[str, int]
    right: dict[str, int]


def _align(left: Sides, right: Sides) -> _Alignment:
    """Find for each word an equal one, one written apart or in one, or a twin, on the other side."""
    ours: dict[str, int] = dict.fromkeys((*left[0], *left[1]), Twin.NONE)
    theirs: dict[str, int] = dict.fromkeys((*right[0], *right[1]), Twin.NONE)
    for word in ours.keys() & theirs.keys():
        ours[word] = theirs[word] = EQUAL
    our_rest = [word for word, twin in ours.items() if twin != EQUAL]
    their_rest = [word for word, twin in theirs.items() if twin != EQUAL]
    if our_rest and their_rest:
        _join(ours, their_rest, theirs, left[0])
        _join(theirs, our_rest, ours, right[0])
        for one in our_rest:
            for other in their_rest:
                twin = twin_of(one, other) if one <= other else twin_of(other, one)
                ours[one], theirs[other] = min(ours[one], twin), min(theirs[other], twin)
    return _Alignment((left[0], right[0]), ours, theirs)


def _join(parts: dict[str, int], rest: Sequence[str], joined: dict[str, int], words: Words) -> None:
    """Mark the words left over on one side that the other writes as two neighbouring words; in place."""
    for first, second in pairwise(words):
        if first + second in rest:
            joined[first + second] = parts[first] = parts[second] = EQUAL


def _agreement(left: Name, right: Name, found: _Alignment) -> tuple[Agreement, tuple[Sides, ...]]:
    ours, theirs = found.words
    whole = _whole_agreement(found)
    if whole is not None:
        return whole, (found.words,)
    if is_cut_short(left.full or "", right.full or ""):
        return Agreement.CUT_SHORT, (found.words,)
    for agreement, shared in _also(left, right).items():
        if shared:
            return agreement, tuple(shared)
    if _stands_for(left, right) or _stands_for(right, left):
        return Agreement.ACRONYM, ()
    our_shared = tuple(word for word in ours if found.left[word] != Twin.NONE)
    their_shared = tuple(word for word in theirs if found.right[word] != Twin.NONE)
    if not our_shared or not their_shared:
        return Agreement.NONE, ()
    starts = our_shared[0] == ours[0] and their_shared[0] == theirs[0]
    return Agreement.STARTS if starts else Agreement.SHARES, ((our_shared, their_shared),)


def _whole_agreement(found: _Alignment) -> Agreement | None:
    """Return how names agree of which every distinctive word has a twin, or which as a whole are spelt alike."""
    ours, theirs = found.words
    if "".join(ours) == "".join(theirs):
        return Agreement.SAME
    twins = [*(found.left[word] for word in ours), *(found.right[word] for word in theirs)]
    worst = max(twins)
    if worst != Twin.NONE:
        return BY_WORST_TWIN[worst]
    # A short or numbering word left over may be what tells two sisters apart, however alike the whole.
    rest = [w for words, side in ((ours, found.left), (theirs, found.right)) for w in words if side[w] != EQUAL]
    plain = all(len(word) >= SHORTEST_SPELLING and not is_numbering(word) for word in rest)
    if plain and edit_similarity("".join(ours), "".join(theirs)) >= NAMES_ALIKE:
        return Agreement.ALIKE
    return None


def _also(left: Name, right: Name) -> dict[Agreement, list[Sides]]:
    """Return where one's other or former name is the same as, or spelt like, the other's present name."""
    agreeing: dict[Agreement, list[Sides]] = {Agreement.ALSO_SAME: [], Agreement.ALSO_ALIKE: []}
    for name, holder in ((left, right), (right, left)):
        for text in f"{holder.former or ''}{SEPARATOR}{holder.other or ''}".split(SEPARATOR):
            sides = words_of(name.words), words_of(text)
            whole = _whole_agreement(_align((sides[0], ()), (sides[1], ()))) if text else None
            if whole in ALSO:
                agreeing[ALSO[whole]].append(sides)
    return agreeing


def _stands_for(short: Name, long: Name) -> bool:
    return len(short.words or "") >= SHORTEST_ACRONYM and short.words == long.acronym
