"""Particles of family names, written apart or together: "van der Bilt" and "Vanderbilt", "Mc Donald" and "McDonald".

They are joined to the name where hardly anything but a family name can be meant. An article alone stays an article:
"De Nederlandsche Bank", "La Poste".
"""

from typing import Final

from apps.engine.tables import load_rows

_REAL_WORDS: Final = frozenset(row[0] for row in load_rows("name_word_counts.tsv"))
_ARTICLES_AFTER: Final = {
    "van": frozenset({"der", "den", "de", "dem", "het", "t", "ter", "ten"}),
    "von": frozenset({"der", "den", "dem"}),
    "de": frozenset({"la", "las", "los", "le"}),
}
_CASED: Final = frozenset({"der", "den", "dem", "ter", "ten"})
"""Articles that outside of names have gone out of use in Dutch, and follow "von" in names only."""
_PARTICLES: Final = frozenset({*_ARTICLES_AFTER, "mc", "mac", "o"})
_JOINED_ALONE: Final = frozenset({"van", "von"})
_SHORTEST: Final = 3
_SHORTEST_AFTER_LETTER: Final = 4
_MOST_WORDS_BEFORE: Final = 2


def join_particles(tokens: list[str]) -> list[str]:
    """Return the tokens with particles joined to the names that they belong to."""
    if _PARTICLES.isdisjoint(tokens):
        return tokens
    joined: list[str] = []
    index = 0
    while index < len(tokens):
        length = _length_at(tokens, index)
        joined.append("".join(tokens[index : index + length]))
        index += length
    return joined


def _length_at(tokens: list[str], index: int) -> int:
    """Return how many tokens, from this one on, are one name."""
    particle, following = tokens[index], tokens[index + 1] if index + 1 < len(tokens) else ""
    if particle in _ARTICLES_AFTER:
        return _length_with_article(tokens, index)
    is_joined = (
        (particle == "mc" and _is_name(following, _SHORTEST))
        or (particle == "o" and _is_name(following, _SHORTEST_AFTER_LETTER))
        # "Mac Tools" are no family.
        or (particle == "mac" and particle + following in _REAL_WORDS)
    )
    return 2 if is_joined else 1


def _length_with_article(tokens: list[str], index: int) -> int:
    particle, *following = tokens[index : index + 3]
    # "Bank van de Arbeid" and "Banco de la Nacion" name what a bank is of.
    if not following or index > (_MOST_WORDS_BEFORE if following[0] in _CASED else 0):
        return 1
    if following[0] in _ARTICLES_AFTER[particle]:
        return 3 if _is_name(following[-1], _SHORTEST) and len(following) > 1 else 1
    return 2 if particle in _JOINED_ALONE and _is_name(following[0], _SHORTEST) else 1


def _is_name(token: str, shortest: int) -> bool:
    return len(token) >= shortest and token.isalpha()
