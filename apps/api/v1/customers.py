"""Customers: one by its governed id, its company codes and history, and search."""

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.paging import CursorInvalid, read_cursor, read_limit, write_cursor
from apps.api.permissions import EVERY_ROLE
from apps.api.v1 import shapes
from apps.api.v1.routes import GID, ParameterInvalid, Route, answer, operation, query
from apps.base.errors import HubError
from apps.golden import selectors as golden
from apps.legal import selectors as legal
from apps.matching import selectors as matching

HISTORY_LIMIT = 50
LONGEST_HISTORY = 200
MOST_MEMBERS = 500


class CustomerGone(HubError):
    """The governed id was split without an heir, retired or erased; it answers with what became of it."""

    code = "customer.gone"
    status = 410
    title = "The customer is gone"


@dataclass(frozen=True, slots=True)
class _Entity:
    entity: legal.Entity
    identifiers: list[legal.IdentifierRow]


@dataclass(frozen=True, slots=True)
class _Link:
    left: golden.Member
    right: golden.Member
    score: int


@dataclass(frozen=True, slots=True)
class _CustomerDocument:
    customer: golden.Customer
    values: list[golden.ValueRow]
    members: list[golden.Member]
    members_next: str | None
    legal_entity: _Entity | None
    links: list[_Link]


@dataclass(frozen=True, slots=True)
class _Listing:
    customer: golden.Customer
    items: list[Any]
    moves: list[golden.MoveRow]


@dataclass(frozen=True, slots=True)
class _Members:
    items: list[golden.Member]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[golden.SearchHit]
    next: str | None


class CustomerList(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    takes: ClassVar[frozenset[str]] = frozenset({"q", "limit", "cursor"})

    @operation(
        "searchCustomers",
        "Find customers by any word, identifier, phone, e-mail, domain or source key",
        shapes.SearchPageShape,
        parameters=[
            query("q", "What to look for: words of a name or address, or a whole identifier, phone, e-mail, domain or"
                  " source key. Customers that match more of the words, and rarer ones, come first; a slip of the hand"
                  " (two in long words) still finds them.", required=True),
            query("limit", "Customers per page, 1 to 100; 25 unless told."),
            query("cursor", "The `next` of the page before."),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return live customers by share of the words matched, then name."""
        question = self.needed(request, "q")
        limit = read_limit(self.parameter(request, "limit"))
        hits = golden.search_customers(question, after=self._position(request, question), limit=limit + 1)
        shown = hits[:limit]
        more = None
        if len(hits) > limit:
            last = shown[-1].position
            more = write_cursor("customers", question, [last.score, last.name, last.gid, last.bits])
        return answer(shapes.SearchPageShape, _Page(shown, more))

    def _position(self, request: Request, question: str) -> golden.SearchPosition | None:
        cursor = request.query_params.get("cursor")
        if cursor is None:
            return None
        try:
            score, name, gid, bits = read_cursor("customers", question, cursor)
        except ValueError as error:
            raise CursorInvalid("The cursor doesn't name a customer.") from error
        return golden.SearchPosition(score, name, gid, tuple(bits))


class CustomerDetail(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    takes: ClassVar[frozenset[str]] = frozenset({"fields"})

    @operation(
        "getCustomer",
        "The golden record behind a governed id, following a merge",
        shapes.CustomerShape,
        refusals=(404, 410),
        parameters=[GID, query("fields", "Names of members of the answer, separated by commas; all unless told.")],
    )
    def get(self, request: Request, gid: str) -> Response:
        """Return values with their source and rule, members, legal entity and links.

        An id that was merged answers with its survivor and says so. The ETag follows the customer's version; send it
        back as If-None-Match to learn cheaply that nothing changed (304). `members` are the first 500; with more,
        `members_next` is the cursor from which `/members` goes on.
        """
        fields = _read_fields(self.parameter(request, "fields"))
        customer = get_living(gid)
        tag = tag_of(customer)
        if _knows(request, tag):
            return Response(status=304, headers={"ETag": tag})
        response = answer(shapes.CustomerShape, _describe(customer, fields), ETag=tag)
        response.data = {name: value for name, value in response.data.items() if name in fields}
        return response


class MemberList(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    takes: ClassVar[frozenset[str]] = frozenset({"limit", "cursor"})

    @operation(
        "listMembers",
        "The source records of a customer, page by page",
        shapes.MemberPageShape,
        refusals=(404, 410),
        parameters=[
            GID,
            query("limit", f"Members per page, 1 to {MOST_MEMBERS}; {MOST_MEMBERS} unless told."),
            query("cursor", "The `next` of the page before, or the customer's `members_next`."),
        ],
    )
    def get(self, request: Request, gid: str) -> Response:
        """Return the members in the order in which the hub first saw them, following a merge."""
        limit = read_limit(self.parameter(request, "limit"), default=MOST_MEMBERS, maximum=MOST_MEMBERS)
        customer = get_living(gid)
        after = _read_member(request, customer.gid)
        members = golden.list_members(customer.gid, after=after, limit=limit + 1)
        return answer(shapes.MemberPageShape, _members_page(customer, members, limit))


class CompanyCodeList(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE

    @operation(
        "listCompanyCodes",
        "How our own companies deal with a customer: currency, terms, tax profile, blocks",
        shapes.CompanyCodesShape,
        refusals=(404, 410),
        parameters=[GID],
    )
    def get(self, request: Request, gid: str) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the customer's company extensions, following a merge."""
        customer = get_living(gid)
        return answer(shapes.CompanyCodesShape, _Listing(customer, legal.list_company_codes(customer.gid), []))


class CustomerHistory(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    takes: ClassVar[frozenset[str]] = frozenset({"limit"})

    @operation(
        "listHistory",
        "Who changed what, when and why",
        shapes.HistoryShape,
        refusals=(404, 410),
        parameters=[GID, query("limit", "Newest rows to return, 1 to 200; 50 unless told.")],
    )
    def get(self, request: Request, gid: str) -> Response:
        """Return the newest history of exactly this governed id: also of one merged, split or retired since."""
        limit = read_limit(self.parameter(request, "limit"), default=HISTORY_LIMIT, maximum=LONGEST_HISTORY)
        customer = golden.get_customer(gid)
        if customer.asked_state == "erased":
            raise _gone(customer)
        rows = golden.list_history(customer.asked, limit=limit)
        moves = golden.list_moves(customer.asked, limit=limit)
        return answer(shapes.HistoryShape, _Listing(customer, rows, moves))


def tag_of(customer: golden.Customer) -> str:
    """Return the ETag of a customer: the id asked for, the id that answers, and its version."""
    return f'W/"{customer.asked}.{customer.gid}.{customer.version}"'


@cache
def _members_known() -> frozenset[str]:
    return frozenset(shapes.CustomerShape().fields)


def _read_fields(text: str | None) -> frozenset[str]:
    """Return the members of the answer that are asked for; raise ParameterInvalid where one isn't known."""
    known = _members_known()
    if text is None:
        return known
    asked = frozenset(word.strip() for word in text.split(","))
    if unknown := sorted(asked - known):
        raise ParameterInvalid(
            f"The answer has no member {unknown[0][:60]!r}.", parameter="fields", known=sorted(known)
        )
    return asked


def _describe(customer: golden.Customer, fields: frozenset[str]) -> _CustomerDocument:
    """Return what the fields need: at most five queries, none where the golden record alone answers."""
    members: list[golden.Member] = []
    if fields & {"members", "members_next", "links"}:
        members = golden.list_members(customer.gid, limit=MOST_MEMBERS + 1)
    page = _members_page(customer, members, MOST_MEMBERS)
    entity = legal.find_legal_entity(customer.gid) if "legal_entity" in fields else None
    return _CustomerDocument(
        customer=customer,
        values=golden.describe_values(customer.values, members) if "values" in fields else [],
        members=page.items,
        members_next=page.next,
        legal_entity=_Entity(entity, legal.list_identifiers(customer.gid)) if entity else None,
        links=_links(page.items) if "links" in fields else [],
    )


def _members_page(customer: golden.Customer, members: list[golden.Member], limit: int) -> _Members:
    shown = members[:limit]
    more = write_cursor("members", customer.gid, [shown[-1].record_id]) if len(members) > limit else None
    return _Members(shown, more)


def _read_member(request: Request, gid: str) -> int:
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return 0
    try:
        (record_id,) = read_cursor("members", gid, cursor)
    except ValueError as error:
        raise CursorInvalid("The cursor doesn't name a member.") from error
    return int(record_id)


def get_living(gid: str) -> golden.Customer:
    """Return the customer an id answers with; raise CustomerGone where it was split, retired or erased."""
    customer = golden.get_customer(gid)
    if customer.state != "live":
        raise _gone(customer)
    return customer


def _gone(customer: golden.Customer) -> CustomerGone:
    words = {"split": "was split", "retired": "lost its last source record", "erased": "was erased on request"}
    return CustomerGone(
        f"Customer {customer.asked} {words.get(customer.state, 'is gone')}.",
        gid=customer.asked,
        state=customer.state,
        successors=list(customer.successors),
    )


def _links(members: list[golden.Member]) -> list[_Link]:
    by_id = {member.record_id: member for member in members}
    if len(by_id) < 2:
        return []
    return [_Link(by_id[link.low], by_id[link.high], link.score) for link in matching.list_links(by_id)]


def _knows(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this tag (RFC 9110 section 13.1.2, weak comparison)."""
    given = request.headers.get("If-None-Match", "")[:2_000]
    opaque = tag.removeprefix("W/")
    return any(entry.strip().removeprefix("W/") in {opaque, "*"} for entry in given.split(","))
