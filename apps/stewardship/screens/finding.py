"""Search results: which customers, and why each was found; records and cases that a query names exactly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from django.core import signing

from apps.base.errors import NotFound
from apps.cases import selectors as cases
from apps.engine.standardise.folding import fold
from apps.golden import selectors as golden
from apps.sources import selectors as sources

PAGE = 25
MOST_KEYS = 3
"""A row names this many of a customer's source records."""
_ALIKE = 0.75
_SALT = "stewardship.search"


@dataclass(frozen=True, slots=True)
class Found:
    """A customer found, the reason in words, some of its source records, and whether an open case asks about it."""

    customer: golden.CustomerSummary
    place: str
    why: str
    is_exact: bool
    known_by: tuple[sources.Record, ...] = ()
    hidden: int = 0
    is_in_question: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A source record that a query names by its key, and the customer it belongs to."""

    record: sources.Record
    customer: golden.CustomerSummary


@dataclass(frozen=True, slots=True)
class Findings:
    """A page of results and the mark from which the next one goes on.

    `records` carry the query as their key, `case` has it as its number.
    """

    query: str
    found: tuple[Found, ...]
    next_after: str
    is_first: bool
    records: tuple[Named, ...] = ()
    case: cases.CaseRow | None = None

    @property
    def only_gid(self) -> str:
        """The one customer that an id or number names exactly, or nothing."""
        named = {one.customer.gid for one in self.records}
        if len(named) == 1:
            return next(iter(named))
        single = self.is_first and len(self.found) == 1 and self.found[0].is_exact
        gid = self.found[0].customer.gid if single else ""
        return gid if gid == self.query.strip().upper() or _is_a_name_of_one(self.query) else ""


def find_customers(query: str, *, after: str = "", limit: int = PAGE) -> Findings:
    """Return a page of customers for a query, best first, and what it names exactly. At most six queries."""
    hits = golden.search_customers(query, after=_read_mark(after), limit=limit + 1) if query else []
    exact = _explain_exact(query) if hits else ""
    shown = hits[:limit]
    return Findings(
        query=query,
        found=tuple(_found(hit, query, exact) for hit in shown),
        next_after=_write_mark(shown[-1].position) if len(hits) > limit else "",
        is_first=not after,
        records=_find_records(query) if query and not after and not _is_by_id(hits, query) else (),
        case=_find_case(query) if not after else None,
    )


def add_details(findings: Findings) -> Findings:
    """Return the findings with each customer's source records and whether a case is open. At most three queries."""
    members = golden.list_member_ids_of(found.customer.gid for found in findings.found)
    named = {gid: _preferred(ids, findings.records) for gid, ids in members.items()}
    records = sources.list_records(record for ids in named.values() for record in ids)
    pairs = cases.list_open_pairs_of([record for ids in members.values() for record in ids]) if members else []
    asked = {record for _, *ends in pairs for record in ends}
    return replace(
        findings, found=tuple(_with_details(found, named, members, records, asked) for found in findings.found)
    )


def _preferred(ids: Sequence[int], exact: Iterable[Named]) -> list[int]:
    """Return the first of a customer's records, those that the query names before all others."""
    first = {one.record.record_id for one in exact}
    return sorted(ids, key=lambda record: (record not in first, record))[:MOST_KEYS]


def _with_details(
    found: Found,
    named: Mapping[str, Sequence[int]],
    members: Mapping[str, Sequence[int]],
    records: Mapping[int, sources.Record],
    asked: set[int],
) -> Found:
    gid = found.customer.gid
    known = tuple(records[record] for record in named.get(gid, ()))
    everybody = members.get(gid, ())
    return replace(
        found, known_by=known, hidden=len(everybody) - len(known), is_in_question=not asked.isdisjoint(everybody)
    )


def _is_by_id(hits: Sequence[golden.SearchHit], query: str) -> bool:
    return len(hits) == 1 and hits[0].customer.gid == query.strip().upper()


def _find_records(query: str) -> tuple[Named, ...]:
    found = {record.record_id: record for record in sources.find_records_by_key(query.strip())}
    homes = golden.list_customers_of_records(found) if found else {}
    return tuple(Named(found[record], customer) for record, customer in homes.items())


def _find_case(query: str) -> cases.CaseRow | None:
    """Return the case that a query such as "case 12" or "#12" names, or None."""
    words = query.strip().lower().removeprefix("case").strip().removeprefix("#")
    if words == query.strip() or not words.isdecimal() or len(words) > 18:
        return None
    try:
        return cases.get_case(int(words))
    except NotFound:
        return None


def _found(hit: golden.SearchHit, query: str, exact: str) -> Found:
    customer = hit.customer
    place = ", ".join(text for text in (customer.city, customer.country) if text)
    return Found(customer, place, _say_why(hit, query, exact), hit.matched == hit.asked)


def _say_why(hit: golden.SearchHit, query: str, exact: str) -> str:
    if hit.customer.gid == query.strip().upper():
        return "its customer id"
    words, name = fold(query).split(), fold(hit.customer.name).split()
    in_name = [word for word in words if _begins_one(word, name)]
    if hit.matched < hit.asked:
        named = ", ".join(f"“{word}”" for word in in_name)
        return f"{hit.matched} of {hit.asked} words" + (f": {named} in its name" if named else "")
    where = _where(words, in_name, name, fold(hit.customer.city).split(), is_corrected=hit.is_corrected)
    return where or exact or "a word of its records, such as a former name or a street"


def _where(
    words: Sequence[str], in_name: Sequence[str], name: Sequence[str], place: Sequence[str], *, is_corrected: bool
) -> str:
    """Return what of a customer holds every word asked for, nothing where its records have to explain it."""
    if len(in_name) == len(words):
        return "its name"
    if is_corrected and _are_like(words, name):
        return "its name, spelt a little differently"
    if all(word in in_name or _begins_one(word, place) for word in words):
        return "its name and place" if in_name else "its place"
    if is_corrected and _are_like(words, place):
        return "its place, spelt a little differently"
    return "its name and other words of its records" if in_name else ""


def _begins_one(beginning: str, words: Sequence[str]) -> bool:
    return any(word.startswith(beginning) for word in words)


def _explain_exact(query: str) -> str:
    """Return what a query as a whole looks like, for hits that its words in names don't explain."""
    text = query.strip()
    if "@" in text:
        return "an e-mail address of its records"
    if "." in text and " " not in text:
        return "a web domain of its records"
    digits = sum(character.isdigit() for character in text)
    if digits >= 4 and digits * 2 >= len(text.replace(" ", "")):
        return f"the number {text} in its records"
    return ""


def _are_like(asked: Sequence[str], words: Sequence[str]) -> bool:
    return all(get_close_matches(word, words, n=1, cutoff=_ALIKE) for word in asked)


def _is_a_name_of_one(query: str) -> bool:
    return " " not in query.strip() and any(character.isdigit() for character in query)


def _write_mark(position: golden.SearchPosition) -> str:
    return signing.dumps([position.score, position.name, position.gid, position.bits], salt=_SALT)


def _read_mark(text: str) -> golden.SearchPosition | None:
    if not text:
        return None
    try:
        score, name, gid, bits = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    return golden.SearchPosition(int(score), str(name), str(gid), tuple(bits))
