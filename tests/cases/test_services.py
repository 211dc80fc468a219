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
    asked = {"low": low, "high": high, "score": score, "reason": "review", "stake": stake, "subject": subject or high}
    return asked | {"kind": "pair"}


def doubt(low: int, high: int, *, score: int = -4000, stake: int = 5) -> dict[str, object]:
    return question(low, high, score=score, stake=stake) | {"kind": "weak", "reason": "weak"}


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


def test_a_doubt_weighs_by_stake_and_age_whatever_its_score() -> None:
    settle(doubt(1, 2, score=-3_000), doubt(3, 4, score=-30_000), doubt(5, 6, stake=10), question(7, 8, stake=5))
    rows = {row.low_record_id: row for row in selectors.list_open_cases()}
    assert rows[1].priority == rows[3].priority
    assert rows[5].priority - rows[1].priority == 1_000
    # Even odds of two customers are more pressing than those of one in question.
    assert [row.low_record_id for row in selectors.list_open_cases()][:2] == [5, 7]
    pressing = [row.pressing(row.opened_at) or 0 for row in selectors.list_open_cases()]
    assert pressing == sorted(pressing, reverse=True)
    assert rows[1].pressing(rows[1].opened_at) == pytest.approx(5 * 0.64, abs=0.01)


@pytest.mark.parametrize(
    ("asked", "facts", "reason"),
    [
        ([], Facts([2], {1: 7}, None), "moot: a record is gone"),
        ([], Facts([], {1: 7, 2: 8}, None), "moot: the records are in two customers now"),
        ([], Facts([], {1: 7, 2: 8}, 12), "moot: the records are in two customers now"),
        ([], Facts([], {1: 7, 2: 7, 9: 7}, None), "moot: nothing speaks against their being one customer now"),
        ([doubt(2, 9)], Facts([], {1: 7, 2: 7, 9: 7}, None), "moot: other records of the customer are asked about"),
    ],
)
def test_a_moot_doubt_says_why_it_is(asked: list[dict[str, object]], facts: Facts, reason: str) -> None:
    settle(doubt(1, 2), doubt(3, 4))
    assert settle(*asked, records=(1, 2, 9), facts=facts) == (len(asked), 1)
    closed = Case.objects.get(state="closed")
    assert (closed.low_record_id, closed.close_reason) == (1, reason)


def test_a_pair_that_comes_together_and_looks_worse_is_asked_about_anew() -> None:
    settle(question(1, 2))
    asked = [doubt(1, 2)]
    told = {"pairs": asked, "records": (1, 2), "elsewhere": ()}
    opened, rescored, closing = selectors.foresee_pair_cases(**told)  # type: ignore[arg-type]
    assert (opened, rescored, len(closing)) == (1, 0, 1)
    assert settle(*asked, records=(1, 2), facts=Facts([], {1: 7, 2: 7}, None)) == (1, 1)
    assert list(Case.objects.order_by("pk").values_list("kind", "state")) == [("pair", "closed"), ("weak", "open")]
    assert Case.objects.get(state="open").question.startswith("These two are in one customer and don't look alike")
    assert selectors.foresee_pair_cases(**told) == (0, 0, set())  # type: ignore[arg-type]
