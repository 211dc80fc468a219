"""Find customers by any word, identifier, phone, e-mail, domain, source key or governed id."""

import re
from dataclasses import dataclass

from django.db import connection

from apps.base.ids import CUSTOMER, GovernedIdError, check
from apps.engine.standardise import STANDARDISERS
from apps.engine.standardise.folding import ascii_text, fold
from apps.golden.selectors.customers import CustomerSummary, list_customers

MAXIMUM_WORDS = 12
"""More words than a name has only cost time."""
MOST_PARTIAL = 5_000
"""Customers that share only some of the words are ranked among this many at most."""

_NOT_DIGIT = re.compile(r"[^0-9]+")
_NOT_COMPACT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class SearchPosition:
    """Where a page ended: words matched there, the folded name, and the governed id."""

    matched: int
    name: str
    gid: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A customer found: `matched` of `asked` words, and the position from which to go on."""

    customer: CustomerSummary
    matched: int
    asked: int
    position: SearchPosition


def search_customers(query: str, *, after: SearchPosition | None = None, limit: int = 25) -> list[SearchHit]:
    """Return live customers by share of the query's words they match, then name, then governed id.

    A query that is as a whole a source key, identifier, phone, e-mail or domain counts as fully matched. A governed
    id finds its customer, merged or not. An empty query finds nothing. At most three queries.
    """
    direct = _find_by_gid(query) if after is None else None
    if direct is not None:
        return [direct]
    words, whole = search_terms(query)
    if not words and not whole:
        return []
    asked = max(len(words), 1)
    found: list[tuple[str, str, int]] = []
    if after is None or after.matched >= asked:
        found = _find_full(words, whole, after, limit, asked)
    if len(found) < limit and len(words) > 1:
        rest = after if after is not None and after.matched < asked else None
        found += _find_partial(words, whole, rest, limit - len(found), asked)
    customers = {customer.gid: customer for customer in list_customers(gid for gid, _, _ in found)}
    return [
        SearchHit(customers[gid], matched, asked, SearchPosition(matched, name, gid))
        for gid, name, matched in found
        if gid in customers
    ]


def search_terms(query: str) -> tuple[list[str], list[str]]:
    """Return the query's words and the spellings of the query as a whole.

    Stored terms are all in lower case: words of names, compact identifiers, source keys (alone, and after their
    source's code and a colon), E.164 phones, e-mail addresses and registrable domains.
    """
    plain = ascii_text(query)
    words = list(dict.fromkeys(fold(query).split()))[:MAXIMUM_WORDS]
    spelt = {plain, query.strip()[:200].lower(), _NOT_COMPACT.sub("", plain), f"+{_NOT_DIGIT.sub('', plain)}"}
    for kind in ("phone", "email", "website"):
        standardiser = STANDARDISERS[kind]
        parts = standardiser.function(query, (None,) * len(standardiser.context), None)
        spelt |= {part.lower() for part in parts[:1] if part}
    whole = sorted(text for text in spelt if text not in {"", "+"} and "\x00" not in text)
    return words, whole


def _find_by_gid(query: str) -> SearchHit | None:
    try:
        gid = check(query, CUSTOMER)
    except GovernedIdError:
        return None
    for customer in list_customers([gid]):
        return SearchHit(customer, 1, 1, SearchPosition(1, "", gid))
    return None


def _find_full(
    words: list[str], whole: list[str], after: SearchPosition | None, limit: int, asked: int
) -> list[tuple[str, str, int]]:
    sql = """
        SELECT gid, lower(name) COLLATE "C" AS folded FROM golden_goldenrecord
        WHERE state = 'live' AND (search_terms @> %s::varchar[] OR search_terms && %s::varchar[])
        AND (lower(name) COLLATE "C", gid COLLATE "C") > (%s, %s)
        ORDER BY folded, gid COLLATE "C" LIMIT %s
    """
    position = (after.name, after.gid) if after else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(sql, [words or whole, whole, *position, limit])
        return [(gid, name, asked) for gid, name in cursor.fetchall()]


def _find_partial(
    words: list[str], whole: list[str], after: SearchPosition | None, limit: int, asked: int
) -> list[tuple[str, str, int]]:
    matched = " + ".join(["(search_terms @> ARRAY[%s]::varchar[])::int"] * len(words))
    sql = f"""
        SELECT gid, folded, matched FROM (
            SELECT gid, lower(name) COLLATE "C" AS folded, {matched} AS matched FROM golden_goldenrecord
            WHERE state = 'live' AND search_terms && %s::varchar[] AND NOT search_terms && %s::varchar[] LIMIT %s
        ) AS partly
        WHERE matched < %s AND (-matched, folded, gid COLLATE "C") > (%s, %s, %s)
        ORDER BY matched DESC, folded, gid COLLATE "C" LIMIT %s
    """  # noqa: S608 - only the number of placeholders varies
    position = (-after.matched, after.name, after.gid) if after else (-asked, "", "")
    with connection.cursor() as cursor:
        cursor.execute(sql, [*words, words, whole, MOST_PARTIAL, asked, *position, limit])
        rows: list[tuple[str, str, int]] = cursor.fetchall()
    return rows
