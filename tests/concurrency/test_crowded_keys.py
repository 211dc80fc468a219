"""Match keys that become too common, and usable again, while several writers are at them: the same as a bulk load.

Under these rules a key that more than three records hold makes no pairs. Who crosses that line changes, either way,
what others are to each other: they are matched again.
"""

import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from apps.base.actors import Actor
from apps.pipeline.draining import drain_redo
from apps.pipeline.models import RedoItem
from apps.pipeline.receiving import receive_apart
from apps.pipeline.store import store_chunk
from apps.sources.pushing import Push
from tests.concurrency.companies import SOURCES, account, set_up_hub
from tests.concurrency.facts import land, match_in_bulk, replay_in_bulk, settle_down
from tests.concurrency.racing import Job, Point, cross, race
from tests.concurrency.rule_sets import RULE_SETS, put_in_force

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.concurrency,
    pytest.mark.slow,
    # Crowds of writers come one after the other: the server has connections for one.
    pytest.mark.xdist_group("writers"),
]
SYSTEM, HUB = Actor("system", "sync"), Actor.hub("redo")
CAP = 3
READING, ABSORBING = "apps.pipeline.live.reading", "apps.pipeline.live.absorbing"
POINTS = (
    Point("apps.pipeline.receiving", "land_pushed", is_after=True),
    Point(READING, "hold_keys", is_after=True),
    Point(READING, "read_holders", is_after=True),
    Point(ABSORBING, "write_chunk", is_after=True),
    Point(ABSORBING, "queue_redo", is_after=True),
)
Scene = tuple[Sequence[Push], Push, Push]


@pytest.fixture(autouse=True)
def _rare_keys() -> None:
    set_up_hub()
    put_in_force(RULE_SETS["rare keys"])


def one_of(company: int, number: int) -> Push:
    """Return account `number` of a company, whichever system has it: all of them share their keys."""
    return account(company, SOURCES[number % len(SOURCES)], key=f"{company}-{number}")


def gone(company: int, number: int) -> Push:
    return Push(SOURCES[number % len(SOURCES)], f"{company}-{number}", is_deleted=True)


def some(company: int, count: int) -> list[Push]:
    return [one_of(company, number) for number in range(count)]


def two_newcomers_over_it(c: int) -> Scene:
    return some(c, CAP - 1), one_of(c, 7), one_of(c, 8)


def two_newcomers_beyond_it(c: int) -> Scene:
    return some(c, CAP), one_of(c, 7), one_of(c, 8)


def two_deletions_below_it(c: int) -> Scene:
    return some(c, CAP + 2), gone(c, 0), gone(c, 1)


def a_newcomer_and_a_deletion(c: int) -> Scene:
    return some(c, CAP), one_of(c, 7), gone(c, 0)


def a_deletion_and_a_change_that_takes_the_keys_along(c: int) -> Scene:
    return some(c, CAP + 1), gone(c, 0), account(c + 500, SOURCES[1], key=f"{c}-1")


def a_newcomer_and_a_change_that_brings_the_keys(c: int) -> Scene:
    elsewhere = account(c + 500, SOURCES[1], key=f"{c}-8")
    return [*some(c, CAP - 1), elsewhere], one_of(c, 7), account(c, SOURCES[1], key=f"{c}-8")


SCENES: Sequence[Callable[[int], Scene]] = (
    two_newcomers_over_it,
    two_newcomers_beyond_it,
    two_deletions_below_it,
    a_newcomer_and_a_deletion,
    a_deletion_and_a_change_that_takes_the_keys_along,
    a_newcomer_and_a_change_that_brings_the_keys,
)


def push(one: Push) -> Job:
    return lambda: receive_apart(pushes=[one], actor=SYSTEM)


def drain() -> object:
    return drain_redo(actor=HUB)


def assert_as_in_bulk() -> None:
    live = settle_down()
    in_bulk = replay_in_bulk()
    assert live.partition == in_bulk.partition
    assert live.content == in_bulk.content


@pytest.mark.parametrize("is_drained", [False, True], ids=["undisturbed", "while a worker drains"])
def test_two_who_cross_the_cap_together_end_as_a_bulk_load(is_drained: bool) -> None:
    company, reached = 0, 0
    for scene in SCENES:
        for turn in (1, -1):
            for point in POINTS:
                there, *pushes = scene(company := company + 1)
                receive_apart(pushes=there, actor=SYSTEM)
                first, second = pushes[::turn]
                others = [push(second), drain] if is_drained else [push(second)]
                reached += cross(push(first), others, point)
    assert reached == company
    assert is_drained or RedoItem.objects.exists()
    assert_as_in_bulk()


def race_crowds(writers: int, *, companies: int, seconds: float) -> None:
    """Let each company's accounts come and go, in any order, so that its keys cross the cap up and down."""
    chance = random.Random(23)
    crowd = [one_of(c, number) for c in range(companies) for number in range(chance.choice([3, 4, 5]))]
    crowd += [gone(c, number) for c in range(companies) for number in chance.sample(range(3), chance.randrange(3))]
    chance.shuffle(crowd)
    waiting, is_over = deque(crowd), [0] * writers

    def write() -> object:
        while waiting:
            try:
                one = waiting.popleft()
            except IndexError:
                break
            receive_apart(pushes=[one], actor=SYSTEM)
        is_over.pop()
        return None

    def keep_draining() -> object:
        while is_over:
            drain()
        return None

    race([*[write] * writers, keep_draining], seconds=seconds)
    assert_as_in_bulk()


def test_crowds_that_come_and_go_under_many_writers_end_as_a_bulk_load() -> None:
    race_crowds(6, companies=15, seconds=60)


@pytest.mark.chaos
def test_large_crowds_that_come_and_go_under_many_writers_end_as_a_bulk_load() -> None:
    race_crowds(24, companies=400, seconds=1_800)


def test_a_run_and_writers_who_cross_the_cap_together_end_as_a_bulk_load() -> None:
    companies = range(12)
    receive_apart(pushes=[push for c in companies for push in some(c, CAP - 1)], actor=SYSTEM)
    land([one_of(c, 7) for c in companies])
    waiting = [one_of(c, 8) if c % 3 else gone(c, 0) for c in companies]
    race([lambda: match_in_bulk(chunk_records=5), *(push(one) for one in waiting[::2]), drain], seconds=60)
    for one in waiting[1::2]:
        push(one)()
    assert_as_in_bulk()


class Died(Exception):
    """Ends a run between two of its chunks."""


def dying_after(chunks: int) -> Callable[..., None]:
    begun = itertools.count(1)

    def store(*given: Any) -> None:
        if next(begun) > chunks:
            raise Died
        store_chunk(*given)

    return store


@pytest.mark.parametrize("then", ["drained", "resumed"])
def test_a_run_that_dies_between_two_chunks_forgets_nobody_who_crossed_the_cap(
    monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    died = 0
    for company in range(1, 7):
        # Those who bring the keys were there first, so that they are stored before those who lose them.
        late = [account(500 + company * n, SOURCES[n % len(SOURCES)], key=f"{company}-{n}") for n in (7, 8)]
        for there in (late, some(company, CAP)):
            receive_apart(pushes=there, actor=SYSTEM)
        land([one_of(company, 7), one_of(company, 8)])
        with monkeypatch.context() as mortal:
            mortal.setattr("apps.pipeline.storing.store_chunk", dying_after(1 + company % 2))
            try:
                match_in_bulk(chunk_records=1)
            except Died:
                died += 1
        if then == "drained":
            drain()
        match_in_bulk(chunk_records=1)
    assert died == 6
    assert_as_in_bulk()


def test_what_a_run_stored_counting_on_a_record_that_changed_meanwhile_is_matched_anew() -> None:
    receive_apart(pushes=some(1, CAP - 1), actor=SYSTEM)
    land([one_of(1, 7), one_of(1, 8)])
    elsewhere = account(501, SOURCES[8 % len(SOURCES)], key="1-8")
    assert cross(lambda: match_in_bulk(chunk_records=1), [push(elsewhere)], Point("apps.pipeline.flow", "store_chunks"))
    assert_as_in_bulk()
