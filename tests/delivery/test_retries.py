from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from apps.delivery.retries import Plan, find_next_attempt, parse_retry_after, pause_seconds

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEFAULT = Plan(10, 75 * 3600)


def waits(plan: Plan, draw: float) -> list[float]:
    moments = [find_next_attempt(number=n, now=NOW, plan=plan, draw=draw) for n in range(1, plan.attempts)]
    return [(moment - NOW).total_seconds() for moment in moments if moment]


def test_ten_attempts_span_seventy_five_hours() -> None:
    assert len(waits(DEFAULT, 0.5)) == 9
    assert sum(waits(DEFAULT, 0.5)) == pytest.approx(75 * 3600)


@pytest.mark.parametrize(
    ("number", "seconds"),
    [(1, 5), (2, 300), (3, 1_800), (4, 7_200), (5, 18_000), (6, 36_000), (7, 50_400), (8, 72_000), (9, 86_400)],
)
def test_waits_keep_the_shape_of_the_public_schedule(number: int, seconds: float) -> None:
    # The schedule itself spans 75 h 35 min 5 s; the plan 75 h.
    assert DEFAULT.wait_seconds(number) == pytest.approx(seconds * 270_000 / 272_105)


@pytest.mark.parametrize(("draw", "share"), [(0.0, 0.8), (0.25, 0.9), (0.5, 1.0), (0.999999, 1.2)])
def test_jitter_spreads_every_wait_by_a_fifth(draw: float, share: float) -> None:
    expected = [DEFAULT.wait_seconds(n) * share for n in range(1, 10)]
    assert waits(DEFAULT, draw) == pytest.approx(expected, rel=1e-5)


def test_the_last_attempt_has_no_next() -> None:
    assert find_next_attempt(number=10, now=NOW, plan=DEFAULT, draw=0.5) is None
    assert find_next_attempt(number=10, now=NOW, plan=DEFAULT, draw=0.5, retry_after_seconds=60) is None


@pytest.mark.parametrize("attempts", [2, 3, 10, 14])
def test_a_plan_scales_to_its_span_whatever_its_attempts(attempts: int) -> None:
    steps = waits(Plan(attempts, 2.0), 0.5)
    assert sum(steps) == pytest.approx(2.0)
    assert all(earlier <= later for earlier, later in pairwise(steps))


@pytest.mark.parametrize(("asked", "seconds"), [(1.0, 4.96), (120.0, 120.0), (1e9, 86_400.0)])
def test_retry_after_lengthens_a_wait_up_to_a_day_and_never_shortens_it(asked: float, seconds: float) -> None:
    moment = find_next_attempt(number=1, now=NOW, plan=DEFAULT, draw=0.5, retry_after_seconds=asked)
    assert moment is not None
    assert (moment - NOW) / timedelta(seconds=1) == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999", 86_400.0),
        ("9" * 5_000, 86_400.0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2020 12:02:00 GMT", 0.0),
        ("Sun, 01 Mar 2076 12:02:00 GMT", 86_400.0),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_nonsense_is_nothing(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, now=NOW) == seconds


def test_pauses_forgive_two_slips_then_double_and_stay_under_a_minute() -> None:
    assert [pause_seconds(n) for n in (0, 2, 3, 4, 5, 6, 7, 10_000)] == [0, 0, 5, 10, 20, 40, 55, 55]
