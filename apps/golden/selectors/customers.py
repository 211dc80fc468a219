"""Customers as frozen values, found by their governed id or by a source record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.base.errors import NotFound
from apps.base.ids import CUSTOMER, check
from apps.golden.models import GoldenRecord, Membership
from apps.golden.selectors.values import Value, read_values


class CustomerNotFound(NotFound):
    """No customer ever had that governed id."""

    code = "customer.not_found"
    title = "No such customer"


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """What a list shows of a customer."""

    gid: str
    state: str
    name: str
    country: str
    city: str
    member_count: int
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """What a governed id answers.

    `asked` is the id asked for, `asked_state` what became of it; `redirected` says that it was merged and that all
    the rest speaks of its `survivor`. `successors` names what split off, or what a split without an heir left behind.
    """

    asked: str
    asked_state: str
    redirected: bool
    survivor: str | None
    gid: str
    state: str
    successors: tuple[str, ...]
    name: str
    country: str
    city: str
    values: tuple[Value, ...]
    member_count: int
    version: int
    rules_version: int
    created_at: datetime
    changed_at: datetime


def get_customer(gid: str) -> Customer:
    """Return what a governed id answers, following a redirect (one hop at most).

    Raises GovernedIdError for a text that is no governed id of a customer, CustomerNotFound for one never given out.
    One query.
    """
    asked = check(gid, CUSTOMER)
    row = GoldenRecord.objects.select_related("survivor").filter(gid=asked).first()
    if row is None:
        raise CustomerNotFound(f"No customer has the id {asked}.", gid=asked)
    return _customer(row.survivor or row, asked=row)


def find_customer_of_record(record_id: int) -> Customer | None:
    """Return the customer a source record belongs to, or None. One query."""
    member = Membership.objects.select_related("golden").filter(record_id=record_id).first()
    return None if member is None else _customer(member.golden, asked=member.golden)


def list_customers(gids: Iterable[str]) -> list[CustomerSummary]:
    """Return the customers that exist among the governed ids, in the order asked, redirects not followed. One query."""
    asked = list(gids)
    if not asked:
        return []
    found = {row.gid: row for row in GoldenRecord.objects.defer("values", "search_terms").filter(gid__in=asked)}
    return [summary_of(found[gid]) for gid in asked if gid in found]


def list_customers_of_records(record_ids: Iterable[int]) -> dict[int, CustomerSummary]:
    """Return the customer of each source record that belongs to one, by record id. One query."""
    rows = (
        Membership.objects.select_related("golden")
        .defer("golden__values", "golden__search_terms")
        .filter(record_id__in=list(record_ids))
    )
    return {row.record_id: summary_of(row.golden) for row in rows}


def count_customers() -> int:
    """Return how many customers are live. One query."""
    return GoldenRecord.objects.filter(state=GoldenRecord.State.LIVE).count()


def summary_of(row: GoldenRecord) -> CustomerSummary:
    """Return what a list shows of a golden record. No query."""
    return CustomerSummary(
        gid=row.gid,
        state=row.state,
        name=row.name,
        country=row.country,
        city=row.city,
        member_count=row.member_count,
        version=row.version,
        changed_at=row.changed_at,
    )


def _customer(row: GoldenRecord, *, asked: GoldenRecord) -> Customer:
    redirected = asked.pk != row.pk
    return Customer(
        asked=asked.gid,
        asked_state=asked.state,
        redirected=redirected,
        survivor=row.gid if redirected else None,
        gid=row.gid,
        state=row.state,
        successors=tuple(row.successors),
        name=row.name,
        country=row.country,
        city=row.city,
        values=read_values(row.values),
        member_count=row.member_count,
        version=row.version,
        rules_version=row.rules_version,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
