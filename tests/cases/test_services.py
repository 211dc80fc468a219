"""Questions asked, asked anew and closed as moot."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.base.actors import Actor, acting
from apps.cases import selectors
from apps.cases.models import Case
from apps.cases.services import Facts, settle_pair_cases

pytestmark = pytest.mark.django_db
HUB = Actor.hub("test")
NOTHING = Facts((), {}, None)


def question(low: int, high: int, *, score: int = 0, stake: int = 2, subject: int | None = None) -> dict[str, object]:
    return {"low": low, "high": high, "score": score, "reason": "review", "stake": stake, "subject": subject or high}


def settle(
    *pairs: dict[str, object], records: tuple[int, ...] = (), facts: Facts = NOTHING, run: int = 1
) -> tuple[int, int]:
    with acting(HUB, reason="test"):
        return settle_pair_cases(pairs=pairs, records=records, facts=facts, run_id=run, actor=HUB)


def wait(case_id: int, days: int) -> None:
    """Have a case wait since so many days before it was asked: as if it had been asked then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case SET opened_at = opened_at - make_interval(days => %s), score = score + 1 WHERE id = %s",
            [days, case_id],
        )


def test_the_queue_s_order_is_that_of_stake_times_uncertainty_times_age() -> None:
    asked = [(0, 2), (0, 9), (3_000, 40), (-3_000, 12), (9_000, 300), (-60_000, 1_000)]
    settle(*(question(at, at + 100, score=score, stake=stake) for at, (score, stake) in enumerate(asked, 1)))
    for case in Case.objects.order_by("pk"):
        wait(case.pk, days=case.pk % 5 * 9)
    # Asked anew, they take the place that their own age gives them.
    settle(*(question(at, at + 100, score=score, stake=stake) for at, (score, stake) in enumerate(asked, 1)))
    rows = selectors.list_open_cases()
    for now in (datetime(2027, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)):
        weights = [row.pressing(now) or 0 for row in rows]
        assert weights == sorted(weights, reverse=True)
    assert len({row.priority for row in rows}) == len(asked)


def test_a_fortnight_of_waiting_doubles_what_a_question_weighs() -> None:
    settle(question(1, 2, stake=8))
    (row,) = selectors.list_open_cases()
    assert row.pressing(row.opened_at) == 8
    assert row.pressing(row.opened_at + timedelta(days=14)) == 16


def test_asking_the_same_again_opens_and_rewrites_nothing() -> None:
    assert settle(question(1, 2)) == (1, 0)
    before = Case.objects.values().get()
    assert settle(question(1, 2), records=(1, 2)) == (0, 0)
    assert Case.objects.values().get() == before
    assert settle(question(1, 2, stake=5, subject=1)) == (0, 0)
    after = Case.objects.get()
    assert (after.stake, after.subject_record_id) == (5, 1)
    assert after.priority > before["priority"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts([2], {}, None), "moot: a record is gone"),
        (Facts([], {1: 7, 2: 7}, 12), "moot: the records were brought together"),
        (Facts([], {1: 7, 2: 8}, 12), "moot: decision 12 keeps the records apart or asks about others of"),
        (Facts([], {1: 7, 2: 8}, None), "moot: the records changed"),
        (Facts([], {1: 7}, None), "moot: the records changed"),
    ],
)
def test_a_moot_question_says_why_it_is(facts: Facts, reason: str) -> None:
    settle(question(1, 2), question(3, 4))
    assert settle(records=(1, 2), facts=facts) == (0, 1)
    closed = Case.objects.get(state="closed")
    assert closed.close_reason.startswith(reason)
    assert Case.objects.get(state="open").low_record_id == 3


def test_what_asks_about_a_decision_keeps_its_place_before_all_pairs() -> None:
    settle(question(1, 2))
    Case.objects.update(kind="conflict", priority=1_000_000)
    settle(question(1, 2, score=500))
    assert Case.objects.get().priority == 1_000_000
    assert selectors.list_open_cases()[0].pressing(datetime(2027, 1, 1, tzinfo=UTC)) is None
