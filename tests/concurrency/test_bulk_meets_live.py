"""A bulk run, live writers and a person at the same customers: nobody waits for ever, and nobody undoes another."""

from collections.abc import Callable, Sequence

import pytest
from django.db import DatabaseError

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.golden.models import Membership
from apps.pipeline.deciding import merge_customers
from apps.pipeline.draining import drain_redo
from apps.pipeline.live import queue_redo
from apps.pipeline.receiving import receive_apart
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.concurrency.companies import account, chain, set_up_hub
from tests.concurrency.facts import land, match_in_bulk, replay_in_bulk, settle_down
from tests.concurrency.racing import Job, Point, cross

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency, pytest.mark.slow]
SYSTEM, JANE, HUB = Actor("system", "sync"), Actor.person("jane", None), Actor.hub("redo")
POINTS = (
    Point("apps.pipeline.flow", "read_scope"),
    Point("apps.pipeline.flow", "read_scope", is_after=True),
    Point("apps.pipeline.storing", "store_chunk"),
    Point("apps.pipeline.store", "write_chunk"),
    Point("apps.pipeline.store", "write_chunk", is_after=True),
    Point("apps.pipeline.storing", "store_chunk", is_after=True),
)


def push(*pushes: Push) -> Job:
    return lambda: receive_apart(pushes=pushes, actor=SYSTEM)


def merge(number: int, other: int) -> Job:
    one, two = (
        Membership.objects.get(record__key=f"{n}", record__source__code="crm").golden.gid for n in (number, other)
    )

    def decide() -> object:
        try:
            return merge_customers(gid=one, others=[two], reason="one company", actor=JANE)
        except HubError as refused:
            # Somebody else may have made one of them already.
            return refused

    return decide


def redo(number: int) -> Job:
    queue_redo(SourceRecord.objects.filter(key=f"{number}").values_list("pk", flat=True), reason="asked for")
    return lambda: drain_redo(actor=HUB)


def a_waiting_account_that_changes(n: int) -> Sequence[Job]:
    land([account(n, "crm"), account(n, "erp")])
    return [push(account(n, "crm", street="Ringstraße 1", phone=""))]


def a_waiting_account_that_goes(n: int) -> Sequence[Job]:
    land([account(n, "crm"), account(n, "erp")])
    return [push(Push("crm", f"{n}", is_deleted=True))]


def a_newcomer_like_one_that_waits(n: int) -> Sequence[Job]:
    land([account(n, "crm")])
    return [push(account(n, "erp"))]


def the_middle_of_a_chain_that_waits(n: int) -> Sequence[Job]:
    first, middle, last = chain(n)
    land([first, last])
    return [push(middle)]


def a_waiting_account_that_joins_what_is_merged(n: int) -> Sequence[Job]:
    receive_apart(pushes=[account(n, "crm"), account(n + 500, "crm")], actor=SYSTEM)
    land([account(n, "erp")])
    return [merge(n, n + 500)]


def a_push_and_a_merge(n: int) -> Sequence[Job]:
    receive_apart(pushes=[account(n, "crm"), account(n + 500, "crm")], actor=SYSTEM)
    land([account(n, "erp"), account(n + 500, "billing")])
    return [push(account(n, "billing"), account(n, "erp", street="Ringstraße 1")), merge(n, n + 500)]


def a_redo(n: int) -> Sequence[Job]:
    receive_apart(pushes=[account(n, "crm"), account(n, "billing")], actor=SYSTEM)
    land([account(n, "erp"), account(n, "billing", street="Ringstraße 1")])
    return [redo(n)]


RACES: Sequence[Callable[[int], Sequence[Job]]] = (
    a_waiting_account_that_changes,
    a_waiting_account_that_goes,
    a_newcomer_like_one_that_waits,
    the_middle_of_a_chain_that_waits,
    a_waiting_account_that_joins_what_is_merged,
    a_push_and_a_merge,
    a_redo,
)


def force(orders: Sequence[tuple[Callable[[int], Sequence[Job]], Point]]) -> None:
    """Force the orders, each at companies of its own, and hold the hub to a bulk load of the same facts."""
    set_up_hub()
    for number, (prepare, point) in enumerate(orders):
        # Two chunks a run: what waits at a point has one behind it and one before it.
        others = prepare(number)
        land([account(number + 1000)])
        try:
            assert cross(lambda: match_in_bulk(chunk_records=2), others, point)
        except (HubError, DatabaseError, AssertionError) as error:
            error.add_note(f"{prepare.__name__}, {point}")
            raise
    live = settle_down()
    in_bulk = replay_in_bulk()
    assert live.partition == in_bulk.partition
    assert live.content == in_bulk.content


def test_who_meets_a_bulk_run_between_reading_and_storing_ends_as_if_all_had_come_at_once() -> None:
    force([(prepare, POINTS[1 + place % 3]) for place, prepare in enumerate(RACES)])


@pytest.mark.chaos
def test_who_meets_a_bulk_run_at_any_of_its_steps_ends_as_if_all_had_come_at_once() -> None:
    force([(prepare, point) for prepare in RACES for point in POINTS])


def test_a_redo_that_is_too_much_for_the_live_path_ends_beside_a_bulk_run(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up_hub()
    receive_apart(pushes=[account(1, "crm"), account(1, "billing")], actor=SYSTEM)
    land([account(2, "crm"), account(3, "crm")])
    drain = redo(1)
    monkeypatch.setattr("apps.pipeline.live.absorbing.MOST_RECORDS", 1)
    assert cross(lambda: match_in_bulk(chunk_records=1), [drain], Point("apps.pipeline.storing", "store_chunk"))
    live = settle_down()
    assert len(live.customers) == 3


def test_a_bulk_run_of_nothing_but_deletions_leaves_no_customer() -> None:
    set_up_hub()
    receive_apart(pushes=[account(1, "crm")], actor=SYSTEM)
    land([Push("crm", "1", is_deleted=True)])
    match_in_bulk()
    assert settle_down().customers == {}
