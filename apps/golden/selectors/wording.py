"""Read a query's words against the words that customers are known by: which of them each may mean, and how rare it is.

The law: nothing is counted when customers are written. Rarity is what PostgreSQL's own statistics say of the terms.
"""

from dataclasses import dataclass
from math import log2
from typing import Final, TypeAlias

from django.db import connection
from rapidfuzz.distance import OSA

from apps.golden.search_terms import query_words

EXACT: Final = 10
SPELT: Final = 9
ONE_SLIP: Final = 7
TWO_SLIPS: Final = 5
"""Grades of a term: the word itself, another spelling or what it begins, and words one or two slips away."""

SHORTEST_WORD: Final = 4
"""The vocabulary holds no shorter words, nor any with digits."""
SHORTEST_BEGINNING: Final = 3
MOST_BEGINNINGS: Final = 40
MOST_SLIPS: Final = 24
MOST_BITS: Final = 20
PLAIN_BITS: Final = 10
"""The rarity of every word where PostgreSQL has no statistics yet."""

# Place of the query's word, how the term is meant, the term, its share, the least share known, the number of rows.
Row: TypeAlias = tuple[int, str, str, float | None, float | None, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """One word of a query: the terms it may mean with their grades, its rarity in bits, and how many customers at most.

    `holders` estimates the customers that have one of the common terms among them; 0 where all are rare.
    """

    word: str
    grades: dict[str, int]
    bits: int
    holders: int


def read_words(query: str) -> list[Reading]:
    """Return the query's words as they can be looked up. One query; none for a query without words.

    A term counts as meant where it is the word, another spelling of it, begins with it (the last word only), or is at
    most one slip away, two where the term has eight letters or more (optimal string alignment: a letter left out,
    added, exchanged, or two neighbours swapped; terms of fewer than four letters and terms with digits have no slips).
    """
    words = query_words(query)
    if not words:
        return []
    asked = list(words)
    spelt = [(place, term) for place, word in enumerate(asked) for term in (word, *sorted(words[word]))]
    with connection.cursor() as cursor:
        cursor.execute(
            _MEANT,
            {
                "words": asked,
                "slips": [_slips(word) for word in asked],
                "places": [place for place, _ in spelt],
                "terms": [term for _, term in spelt],
                "last": len(asked) - 1,
                "begins": f"{asked[-1]}%" if len(asked[-1]) >= SHORTEST_BEGINNING else None,
                "most": MOST_BEGINNINGS,
            },
        )
        rows: list[Row] = cursor.fetchall()
    return [_read(place, word, rows) for place, word in enumerate(asked)]


def _slips(word: str) -> int:
    """Return how many letters of a query's word are dropped to meet the keys of terms; -1 for none at all.

    A term of eight letters allows two slips, and then may have been written with six.
    """
    if not word.isalpha() or len(word) < 3:
        return -1
    return 0 if len(word) == 3 else 1 if len(word) <= 5 else 2


def _read(place: int, word: str, rows: list[Row]) -> Reading:
    grades: dict[str, int] = {word: EXACT}
    known: dict[str, float | None] = {}
    slipped: list[tuple[int, bool, str]] = []
    is_known = not word.isalpha() or len(word) < SHORTEST_WORD
    for at, how, term, share, _, _ in rows:
        if at != place:
            continue
        known[term] = share
        if term == word:
            is_known = is_known or how == "slip"
        elif how == "slip":
            distance = OSA.distance(word, term, score_cutoff=2)
            if distance <= (2 if len(term) >= 8 else 1):
                slipped.append((distance, term[0] != word[0], term))
        else:
            grades.setdefault(term, SPELT)
    for distance, _, term in sorted(slipped)[:MOST_SLIPS]:
        grades.setdefault(term, ONE_SLIP if distance == 1 else TWO_SLIPS)
    least, size = next(((least, size) for *_, least, size in rows), (None, 0.0))
    shares = [share for term in grades if (share := known.get(term)) is not None]
    # A word that nobody has is as rare as what it stands for.
    own = known.get(word) if is_known else max(shares, default=None)
    return Reading(word, grades, _bits(own, least), round(sum(shares) * max(size, 0)))


def _bits(share: float | None, least: float | None) -> int:
    """Return the rarity of a term by its share of customers; one beyond the statistics is rarer than all in them."""
    if share is None:
        if least is None:
            return PLAIN_BITS
        share = least / 2
    return min(max(round(-log2(share)), 1), MOST_BITS)


# Terms of a query's words with the share of customers that have them, as far as the statistics know it.
_MEANT = """
WITH common AS (
    SELECT elem AS term, share FROM pg_stats,
         unnest(most_common_elems::text::text[], most_common_elem_freqs) AS listed(elem, share)
    WHERE schemaname = current_schema() AND tablename = 'golden_goldenrecord' AND attname = 'search_terms'
      AND elem IS NOT NULL
),
meant AS (
    SELECT place, 'spelling' AS how, term FROM unnest(%(places)s::int[], %(terms)s::text[]) AS spelt(place, term)
    UNION
    SELECT place - 1, 'slip', near.word
    FROM unnest(%(words)s::text[], %(slips)s::int[]) WITH ORDINALITY AS asked(word, slips, place)
    CROSS JOIN LATERAL (SELECT word FROM golden_searchword
                        WHERE keys && mdmhub_search_keys(asked.word, asked.slips)) AS near
    WHERE asked.slips >= 0
    UNION
    SELECT %(last)s, 'begin', word FROM (
        SELECT DISTINCT word, length(word) FROM golden_searchword WHERE word LIKE %(begins)s
        ORDER BY length(word), word LIMIT %(most)s
    ) AS begun
)
SELECT place, how, meant.term, share, (SELECT min(share) FROM common),
       (SELECT reltuples FROM pg_class WHERE oid = 'golden_goldenrecord'::regclass)
FROM meant LEFT JOIN common USING (term)
"""
