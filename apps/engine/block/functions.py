"""Key functions: what a match key takes from the value of a part.

Each function maps one value to the texts that go into keys; a value that says too little gives none. Several names in
one value are separated by ` | `. A rule set names the functions; a new one is added to `KEY_FUNCTIONS`, nowhere else.
"""

from collections.abc import Callable
from itertools import combinations

from apps.engine.standardise.stems import stem_of

SEPARATOR = " | "
MOST_WORDS = 6
SHORTEST_WORD = 3
MOST_TEXTS = 24
VOWELS = frozenset("aeiouy")

KeyFunction = Callable[[str], tuple[str, ...]]


def _names(value: str) -> list[str]:
    return value.split(SEPARATOR) if SEPARATOR in value else [value]


def _unique(texts: list[str]) -> tuple[str, ...]:
    if len(texts) == 1:
        return (texts[0],) if texts[0] else ()
    return tuple(dict.fromkeys(text for text in texts if text))[:MOST_TEXTS]


def take_all(value: str) -> tuple[str, ...]:
    """Return the whole value, or each of several."""
    if SEPARATOR not in value:
        return (value,) if value else ()
    return _unique(_names(value))


def take_words(value: str) -> tuple[str, ...]:
    """Return each word that is long enough to tell something."""
    return _unique([w for name in _names(value) for w in name.split()[:MOST_WORDS] if len(w) >= SHORTEST_WORD])


def take_pairs(value: str) -> tuple[str, ...]:
    """Return each two words of a name in byte order, so that word order and one foreign word don't matter."""
    pairs = []
    for name in _names(value):
        words = sorted({w for w in name.split()[:MOST_WORDS] if len(w) > 1})
        pairs += [f"{a} {b}" for a, b in combinations(words, 2)]
    return _unique(pairs)


def take_joined(value: str) -> tuple[str, ...]:
    """Return the name without its spaces."""
    return _unique([name.replace(" ", "") for name in _names(value)])


def take_start(value: str) -> tuple[str, ...]:
    """Return the first six characters of the name without its spaces; shorter names give none."""
    return _unique([joined[:6] for joined in take_joined(value) if len(joined) >= 6])


def take_sorted(value: str) -> tuple[str, ...]:
    """Return the name's words in byte order."""
    return _unique([" ".join(sorted(name.split())) for name in _names(value)])


def take_skeleton(value: str) -> tuple[str, ...]:
    """Return the first letter and the following consonants without repeats, which most misspellings leave alone.

    After the omission and skeleton keys of Pollock & Zamora (1984).
    """
    skeletons = []
    for joined in take_joined(value):
        kept = joined[:1]
        for character in joined[1:]:
            if character not in VOWELS and character != kept[-1]:
                kept += character
        if len(kept) >= 4:
            skeletons.append(kept)
    return _unique(skeletons)


def take_halves(value: str) -> tuple[str, ...]:
    """Return the marked first and last half of each long word: one slip of the finger leaves one of them whole."""
    halves = []
    for word in take_words(value):
        if len(word) >= 6:
            middle = len(word) // 2
            halves += [f"{word[:middle]}-", f"-{word[-middle:]}"]
    return _unique(halves)


def take_ends(value: str) -> tuple[str, ...]:
    """Return the marked first and last half of each word, short words' too; say as much only beside another part."""
    ends = []
    for name in _names(value):
        for word in name.split()[:MOST_WORDS]:
            if len(word) >= SHORTEST_WORD + 1:
                middle = (len(word) + 1) // 2
                ends += [f"{word[:middle]}-", f"-{word[-middle:]}"]
    return _unique(ends)


def take_stem(value: str) -> tuple[str, ...]:
    """Return a name, or a domain's name, in one word without hyphens and without what domains add to names."""
    return _unique([stem for stem in map(stem_of, _names(value)) if stem])


def take_area(value: str) -> tuple[str, ...]:
    """Return the first three characters, such as a postcode's area."""
    return (value[:3],) if len(value) >= 3 else ()


def take_label(value: str) -> tuple[str, ...]:
    """Return a domain's name without its ending."""
    return _unique([name.partition(".")[0] for name in _names(value) if len(name.partition(".")[0]) >= SHORTEST_WORD])


KEY_FUNCTIONS: dict[str, KeyFunction] = {
    "all": take_all,
    "words": take_words,
    "pairs": take_pairs,
    "joined": take_joined,
    "start": take_start,
    "sorted": take_sorted,
    "skeleton": take_skeleton,
    "halves": take_halves,
    "ends": take_ends,
    "stem": take_stem,
    "area": take_area,
    "label": take_label,
}
