"""Search results: which customers, and why each was found."""

from dataclasses import dataclass

from django.core import signing

from apps.engine.standardise.folding import fold
from apps.golden import selectors as golden

PAGE = 25
_SALT = "stewardship.search"


@dataclass(frozen=True, slots=True)
class Found:
    """A customer found, the sources that know it, and the reason in words."""

    customer: golden.CustomerSummary
    place: str
    why: str
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """A page of results and the mark from which the next one goes on."""

    query: str
    found: tuple[Found, ...]
    next_after: str
    is_first: bool

    @property
    def only_gid(self) -> str:
        """The one customer that an id or number names exactly, or nothing."""
        single = self.is_first and len(self.found) == 1 and self.found[0].is_exact
        return self.found[0].customer.gid if single and _is_a_name_of_one(self.query) else ""


def find_customers(query: str, *, after: str = "") -> Findings:
    """Return a page of customers for a query, best first. At most three queries."""
    hits = golden.search_customers(query, after=_read_mark(after), limit=PAGE + 1) if query else []
    exact = _explain_exact(query) if hits else ""
    shown = hits[:PAGE]
    return Findings(
        query=query,
        found=tuple(_found(hit, query, exact) for hit in shown),
        next_after=_write_mark(shown[-1].position) if len(hits) > PAGE else "",
        is_first=not after,
    )


def _found(hit: golden.SearchHit, query: str, exact: str) -> Found:
    customer = hit.customer
    place = ", ".join(text for text in (customer.city, customer.country) if text)
    return Found(customer, place, _say_why(hit, query, exact), hit.matched == hit.asked)


def _say_why(hit: golden.SearchHit, query: str, exact: str) -> str:
    if hit.customer.gid == query.strip().upper():
        return "its customer id"
    in_name = [word for word in fold(query).split() if word in fold(hit.customer.name).split()]
    if len(in_name) == hit.asked:
        return "its name"
    if hit.matched < hit.asked:
        named = ", ".join(f"“{word}”" for word in in_name)
        return f"{hit.matched} of {hit.asked} words" + (f": {named} in its name" if named else "")
    if in_name:
        return "its name and other words of its records"
    return exact or "a word of its records, such as a former or other name"


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
