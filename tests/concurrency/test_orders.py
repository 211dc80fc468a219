"""Two at the same customers, forced through the orders that matter: each ends as if one had come after the other.

The first is stopped at each point in turn, while the second runs until it ends or waits. What comes out is held to a
bulk load of the same final facts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from django.db import DatabaseError

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.golden.models import Membership
from apps.pipeline.deciding import merge_customers, split_customer, undo_decision
from apps.pipeline.deciding.pairing import judge_records
from apps.pipeline.draining import drain_redo
from apps.pipeline.live.redoing import queue_redo
from apps.pipeline.receiving import receive_apart
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.concurrency.companies import account, chain, describe, set_up_hub
from tests.concurrency.facts import replay_in_bulk, settle_down
from tests.concurrency.racing import Job, Point, cross

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.concurrency,
    pytest.mark.slow,
    # Crowds of writers come one after the other: the server has connections for one.
    pytest.mark.xdist_group("writers"),
]
SYSTEM, JANE, HUB = Actor("system", "sync"), Actor.person("jane", None), Actor.hub("redo")
READING, ABSORBING = "apps.pipeline.live.reading", "apps.pipeline.live.absorbing"
PUSHING = (
    Point("apps.pipeline.receiving", "land_pushed", is_after=True),
    Point(READING, "hold_keys"),
    Point(READING, "hold_keys", is_after=True),
    Point(READING, "hold_near", is_after=True),
    Point(ABSORBING, "write_chunk"),
    Point(ABSORBING, "write_chunk", is_after=True),
)
DECIDING = (
    Point("apps.pipeline.deciding.reshaping", "lock_gate"),
    Point("apps.pipeline.deciding.reshaping", "describe_seen"),
    Point("apps.pipeline.deciding.carrying", "resolve"),
    Point(ABSORBING, "write_chunk", is_after=True),
)
UNDOING = (
    Point("apps.pipeline.deciding.undoing", "lock_gate"),
    Point("apps.pipeline.deciding.undoing", "withdraw_verdict"),
    Point("apps.pipeline.deciding.undoing", "resolve"),
    Point(ABSORBING, "write_chunk", is_after=True),
)
REDOING = (
    Point("apps.pipeline.draining", "lock_gate"),
    Point("apps.pipeline.draining", "take_redo", is_after=True),
    Point(ABSORBING, "write_chunk", is_after=True),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one of two does, and where it is stopped."""

    do: Job
    points: Sequence[Point]


def push(*pushes: Push) -> Step:
    return Step(lambda: receive_apart(pushes=pushes, actor=SYSTEM), PUSHING)


def gid_of(number: int) -> str:
    return str(Membership.objects.get(record__source__code="crm", record__key=f"{number}").golden.gid)


def merge(number: int, other: int) -> Step:
    one, two = gid_of(number), gid_of(other)
    return _decided(lambda: merge_customers(gid=one, others=[two], reason="one company", actor=JANE))


def split(number: int, source: str) -> Step:
    gid = gid_of(number)
    name = f"{source}:{number}"
    return _decided(lambda: split_customer(gid=gid, groups=[[name]], reason="two companies", actor=JANE))


def undo(number: int, other: int) -> Step:
    one, two = gid_of(number), gid_of(other)
    made = merge_customers(gid=one, others=[two], reason="one company", actor=JANE)
    return _decided(lambda: undo_decision(verdict_id=made.decision or 0, actor=JANE), UNDOING)


def redo(number: int) -> Step:
    records = list(SourceRecord.objects.filter(key=f"{number}").values_list("pk", flat=True))
    queue_redo(records, reason="asked for")
    return Step(lambda: drain_redo(actor=HUB), REDOING)


def _decided(work: Callable[[], object], points: Sequence[Point] = DECIDING) -> Step:
    """A decision about what somebody else has changed meanwhile may be refused, with the reason that says so."""

    def decide() -> object:
        try:
            return work()
        except HubError as refused:
            return refused

    return Step(decide, points)


def there(*pushes: Push) -> None:
    receive_apart(pushes=pushes, actor=SYSTEM)


def two_accounts_of_one(n: int) -> Sequence[Step]:
    return push(account(n, "crm")), push(account(n, "erp"))


def a_new_account_twice(n: int) -> Sequence[Step]:
    return push(account(n, "crm")), push(account(n, "crm"))


def the_ends_of_a_chain(n: int) -> Sequence[Step]:
    first, middle, last = chain(n)
    there(middle)
    return push(first), push(last)


def the_middle_and_an_end_of_a_chain(n: int) -> Sequence[Step]:
    first, middle, last = chain(n)
    there(first)
    return push(middle), push(last)


def two_changes_of_one_customer(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"), account(n, "billing"))
    elsewhere = {"city": "Ulm", "postcode": "89073"}
    return push(account(n, "crm", **elsewhere)), push(account(n, "erp", **elsewhere))


def a_change_that_leaves_and_one_that_stays(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"))
    # The account is another company's now.
    return push(account(n + 500, "crm", key=f"{n}")), push(account(n, "erp", street="Ringstraße 1"))


def a_change_and_a_deletion(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"))
    return push(account(n, "crm", street="Ringstraße 1")), push(Push("erp", f"{n}", is_deleted=True))


def a_deletion_and_a_newcomer(n: int) -> Sequence[Step]:
    there(account(n, "crm"))
    return push(Push("crm", f"{n}", is_deleted=True)), push(account(n, "erp"))


def two_deletions_of_one_customer(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"))
    return push(Push("crm", f"{n}", is_deleted=True)), push(Push("erp", f"{n}", is_deleted=True))


def a_question_and_a_deletion(n: int) -> Sequence[Step]:
    # Once judged different they share nothing but that: the question whether it still holds is all that meets.
    there(account(n, "crm"), account(n + 500, "crm"))
    judge_records(
        left=("crm", f"{n}"), right=("crm", f"{n + 500}"), verdict="different", reason="two companies", actor=JANE
    )
    return push(account(n, "crm", **describe(n + 1000))), push(Push("crm", f"{n + 500}", is_deleted=True))


def a_merge_and_a_newcomer(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n + 500, "crm"))
    return merge(n, n + 500), push(account(n, "erp"))


def a_merge_and_a_change(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n + 500, "crm"))
    return merge(n, n + 500), push(account(n, "crm", street="Ringstraße 1"))


def a_split_and_a_newcomer(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"))
    return split(n, "erp"), push(account(n, "billing"))


def a_split_and_a_deletion(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"), account(n, "billing"))
    return split(n, "erp"), push(Push("erp", f"{n}", is_deleted=True))


def a_merge_and_a_split(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"), account(n + 500, "crm"))
    return merge(n, n + 500), split(n, "erp")


def crossing_merges(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n + 500, "crm"), account(n + 1000, "crm"))
    return merge(n, n + 500), merge(n + 500, n + 1000)


def an_undo_and_a_newcomer(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n + 500, "crm"))
    return undo(n, n + 500), push(account(n + 500, "erp"))


def a_redo_and_a_change(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n, "erp"))
    return redo(n), push(account(n, "crm", street="Ringstraße 1"))


def a_redo_and_a_merge(n: int) -> Sequence[Step]:
    there(account(n, "crm"), account(n + 500, "crm"))
    return redo(n), merge(n, n + 500)


RACES: Sequence[Callable[[int], Sequence[Step]]] = (
    two_accounts_of_one,
    a_new_account_twice,
    the_ends_of_a_chain,
    the_middle_and_an_end_of_a_chain,
    two_changes_of_one_customer,
    a_change_that_leaves_and_one_that_stays,
    a_change_and_a_deletion,
    a_deletion_and_a_newcomer,
    a_question_and_a_deletion,
    two_deletions_of_one_customer,
    a_merge_and_a_newcomer,
    a_merge_and_a_change,
    a_split_and_a_newcomer,
    a_split_and_a_deletion,
    a_merge_and_a_split,
    crossing_merges,
    an_undo_and_a_newcomer,
    a_redo_and_a_change,
    a_redo_and_a_merge,
)


def force(orders: Callable[[Step], Sequence[Point]]) -> None:
    """Force every race through its orders, each at companies of its own, and hold the hub to a bulk load."""
    set_up_hub()
    number = 0
    for prepare in RACES:
        reached = 0
        for turn in (1, -1):
            for place in range(len(orders(prepare(number := number + 1)[::turn][0]))):
                first, second = prepare(number := number + 1)[::turn]
                point = orders(first)[place]
                try:
                    reached += cross(first.do, [second.do], point)
                except (HubError, DatabaseError, AssertionError) as error:
                    error.add_note(f"{prepare.__name__}, {point}, turn {turn}")
                    raise
        assert reached >= 2, prepare.__name__
    live = settle_down()
    in_bulk = replay_in_bulk()
    assert live.partition == in_bulk.partition
    assert live.content == in_bulk.content


def test_where_the_second_meets_what_the_first_has_read_or_written_both_end_as_a_bulk_load() -> None:
    # What was read before a lock, and what was written before a commit, is where it hurts most.
    force(lambda step: (step.points[2], step.points[-1]))


@pytest.mark.chaos
def test_every_forced_order_ends_as_a_bulk_load() -> None:
    force(lambda step: step.points)
