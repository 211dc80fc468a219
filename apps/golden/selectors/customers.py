"""Customers as frozen values, found by their governed id or by a source record."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.base.errors import NotFound
from apps.base.ids import CUSTOMER, check
from apps.golden.models import GoldenRecord, Membership
from apps.golden.selectors.values import Value, read_values

# Look-ups ask these with every request, so without what building a query and its models costs.
SUMMARY_COLUMNS = "g.gid, g.state, g.name, g.country, g.city, g.member_count, g.version, g.changed_at"
_CUSTOMER = f"""
SELECT a.gid, a.state, g.id <> a.id, g.values, {SUMMARY_COLUMNS}, g.successors, g.rules_version, g.created_at
FROM golden_goldenrecord a JOIN golden_goldenrecord g ON g.id = coalesce(a.survivor_id, a.id)
WHERE a.gid = %s
"""  # noqa: S608 - columns named here
_SUMMARIES_OF_RECORDS = f"""
SELECT m.record_id, {SUMMARY_COLUMNS} FROM golden_membership m JOIN golden_goldenrecord g ON g.id = m.golden_id
WHERE m.record_id = ANY(%s)
"""  # noqa: S608 - columns named here


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
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMER, [asked])
        row = cursor.fetchone()
    if row is None:
        raise CustomerNotFound(f"No customer has the id {asked}.", gid=asked)
    return _answer(*row)


def find_customer_of_record(record_id: int) -> Customer | None:
    """Return the customer a source record belongs to, or None. One query."""
    member = Membership.objects.select_related("golden").filter(record_id=record_id).first()
    return None if member is None else _customer(member.golden, asked=member.golden)


def list_customers(gids: Iterable[str]) -> list[CustomerSummary]:
    """Return the customers that exist among the governed ids, in the order asked, redirects not followed. One query."""
    asked = list(gids)
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {SUMMARY_COLUMNS} FROM golden_goldenrecord g WHERE g.gid = ANY(%s)", [asked])  # noqa: S608 - columns named here
        found = {row[0]: CustomerSummary(*row) for row in cursor.fetchall()}
    return [found[gid] for gid in asked if gid in found]


def list_customers_of_records(record_ids: Iterable[int]) -> dict[int, CustomerSummary]:
    """Return the customer of each source record that belongs to one, by record id. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMMARIES_OF_RECORDS, [list(record_ids)])
        return {record_id: CustomerSummary(*summary) for record_id, *summary in cursor.fetchall()}


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


def _answer(asked: str, asked_state: str, redirected: bool, values: str, *row: Any) -> Customer:
    (gid, state, name, country, city, member_count, version, changed_at, successors, rules_version, created_at) = row
    return Customer(
        asked=asked,
        asked_state=asked_state,
        redirected=redirected,
        survivor=gid if redirected else None,
        gid=gid,
        state=state,
        successors=tuple(successors),
        name=name,
        country=country,
        city=city,
        values=read_values(json.loads(values)),
        member_count=member_count,
        version=version,
        rules_version=rules_version,
        created_at=created_at,
        changed_at=changed_at,
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
