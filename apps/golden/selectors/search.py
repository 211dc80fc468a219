"""Find customers by any word, identifier, phone, e-mail, domain, source key or governed id, slips included."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any, Final

from django.db import connection

from apps.base.ids import CUSTOMER, GovernedIdError, check
from apps.golden.search_terms import whole_spellings
from apps.golden.selectors.customers import CustomerSummary, list_customers
from apps.golden.selectors.wording import EXACT, Reading, read_words

MOST_FULL: Final = 500
MOST_PARTIAL: Final = 500
"""Customers that share all and some of the words are ranked among this many at most."""
COMMON: Final = 1_000
"""A word of more customers than this finds them only together with another."""
MOST_PAIRED: Final = 4
"""Of this many rarest words, every two together find customers."""


@dataclass(frozen=True, slots=True)
class SearchPosition:
    """Where a page ended: score, folded name and governed id there, and the words' bits that made the score."""

    score: int
    name: str
    gid: str
    bits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A customer found: `matched` of `asked` words, and the position from which to go on.

    `is_corrected` says that a word counts as matched by another spelling of it.
    """

    customer: CustomerSummary
    matched: int
    asked: int
    is_corrected: bool
    position: SearchPosition


def search_customers(query: str, *, after: SearchPosition | None = None, limit: int = 25) -> list[SearchHit]:
    """Return live customers by the share of the query's words they match, then name, then governed id.

    Words weigh by rarity; a word itself counts more than one it begins, and that more than one a slip or two away. A
    query that is as a whole a source key, identifier, phone, e-mail or domain counts as fully matched. A governed
    id finds its customer, merged or not. An empty query finds nothing. At most three queries.
    """
    direct = _find_by_gid(query) if after is None else None
    if direct is not None:
        return [direct]
    readings, whole = read_words(query), whole_spellings(query)
    if not readings and not whole:
        return []
    bits = after.bits if after and len(after.bits) == len(readings) else tuple(reading.bits for reading in readings)
    return _rank(readings, whole, bits, after, limit)


def _find_by_gid(query: str) -> SearchHit | None:
    try:
        gid = check(query, CUSTOMER)
    except GovernedIdError:
        return None
    for customer in list_customers([gid]):
        return SearchHit(customer, 1, 1, is_corrected=False, position=SearchPosition(1, "", gid, ()))
    return None


def _rank(
    readings: Sequence[Reading], whole: list[str], bits: tuple[int, ...], after: SearchPosition | None, limit: int
) -> list[SearchHit]:
    finders, values = _finders(readings, whole)
    asked = [
        (place, term, grade, grade * bits[place])
        for place, reading in enumerate(readings)
        for term, grade in reading.grades.items()
    ]
    values |= {
        "places": [place for place, *_ in asked],
        "terms": [term for _, term, *_ in asked],
        "grades": [grade for *_, grade, _ in asked],
        "points": [points for *_, points in asked],
        "whole": whole,
        "everything": EXACT * sum(bits) + 1,
        "words": max(len(readings), 1),
        "best": EXACT,
        "limit": limit,
    }
    values |= {"score": after.score, "name": after.name, "gid": after.gid} if after else _FROM_THE_START
    with connection.cursor() as cursor:
        cursor.execute(_RANK.format(finders=finders), values)
        return [_hit(row, bits, values["words"]) for row in cursor.fetchall()]


def _finders(readings: Sequence[Reading], whole: list[str]) -> tuple[str, dict[str, Any]]:
    """Return the sub-queries that find customers to rank, with their parameters: bounded, whatever is asked."""
    values: dict[str, Any] = {f"word{place}": list(reading.grades) for place, reading in enumerate(readings)}
    has = {place: f"search_terms && %(word{place})s::varchar[]" for place in range(len(readings))}
    ways: list[tuple[str, int]] = []
    if whole:
        ways.append(("search_terms && %(whole)s::varchar[]", MOST_FULL))
    if readings:
        ways.append((" AND ".join(has.values()), MOST_FULL))
    rarest = sorted(has, key=lambda place: (readings[place].holders, -readings[place].bits, place))
    if len(readings) > 2:
        pairs = (f"({has[a]} AND {has[b]})" for a, b in combinations(rarest[:MOST_PAIRED], 2))
        ways.append((" OR ".join(pairs), MOST_PARTIAL))
    if len(readings) > 1:
        rare = [place for place in rarest if readings[place].holders <= COMMON] or rarest[:1]
        values["rare"] = sorted({term for place in rare for term in readings[place].grades})
        ways.append(("search_terms && %(rare)s::varchar[]", MOST_PARTIAL))
    # The limit stands apart from the search: next to it, it would lure the planner into reading the whole table.
    rows = "SELECT id, search_terms FROM golden_goldenrecord WHERE state = 'live'"
    found = ", ".join(f"way{number} AS MATERIALIZED ({rows} AND ({way}))" for number, (way, _) in enumerate(ways))
    union = " UNION ALL ".join(f"(SELECT * FROM way{number} LIMIT {most})" for number, (_, most) in enumerate(ways))  # noqa: S608 - numbers
    return f"{found}, found AS ({union})", values


def _hit(row: Sequence[Any], bits: tuple[int, ...], asked: int) -> SearchHit:
    gid, state, name, country, city, member_count, version, changed_at, score, matched, exact, folded = row
    at: datetime = changed_at
    customer = CustomerSummary(gid, state, name, country, city, member_count, version, at)
    return SearchHit(customer, matched, asked, exact < matched, SearchPosition(score, folded, gid, bits))


_FROM_THE_START: Final = {"score": 1_000_000, "name": "", "gid": ""}
# Terms of customers and of the query meet in one join, which also makes one of a customer found in several ways. What a
# page shows is read only for customers whose score can be on it: the equals of where it begins, and as many as it holds
# below, with their equals.
_RANK = """
WITH {finders},
asked AS MATERIALIZED (
    SELECT * FROM unnest(%(places)s::int[], %(terms)s::varchar[], %(grades)s::int[], %(points)s::int[])
        AS given(place, term, grade, points)
    UNION ALL SELECT -1, term, 0, 0 FROM unnest(%(whole)s::varchar[]) AS given(term)
),
met AS (
    SELECT id, place, max(points) AS most, max(grade) AS grade
    FROM found CROSS JOIN LATERAL unnest(search_terms) AS held(term) JOIN asked USING (term) GROUP BY id, place
),
scored AS MATERIALIZED (
    SELECT id, CASE WHEN min(place) < 0 THEN %(everything)s ELSE sum(most) END AS score,
           CASE WHEN min(place) < 0 THEN %(words)s ELSE count(*) END AS matched,
           CASE WHEN min(place) < 0 THEN %(words)s ELSE count(*) FILTER (WHERE grade = %(best)s) END AS exact
    FROM met GROUP BY id
),
below AS (SELECT score FROM scored WHERE score < %(score)s ORDER BY score DESC LIMIT %(limit)s),
ranked AS (
    SELECT gid, state, g.name, country, city, member_count, version, changed_at, score, matched, exact,
           lower(g.name) COLLATE "C" AS folded
    FROM scored JOIN golden_goldenrecord AS g USING (id)
    WHERE score BETWEEN (SELECT coalesce(min(score), %(score)s) FROM below) AND %(score)s
)
SELECT * FROM ranked WHERE (-score, folded, gid COLLATE "C") > (-%(score)s::bigint, %(name)s, %(gid)s)
ORDER BY score DESC, folded, gid COLLATE "C" LIMIT %(limit)s
"""
