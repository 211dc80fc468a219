"""Whatever happens to a hub, and in whatever order: the same facts make the same customers."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.concurrency.histories import Histories

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
QUIET = settings(
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
    stateful_step_count=20,
)


def test_histories_of_up_to_twenty_steps_keep_every_promise() -> None:
    # Each takes some four seconds, most of them in checks and replays: make chaos has the many.
    run_state_machine_as_test(Histories, settings=settings(QUIET, max_examples=10))


@pytest.mark.chaos
def test_a_thousand_histories_of_up_to_fifty_steps_keep_every_promise() -> None:
    run_state_machine_as_test(Histories, settings=settings(QUIET, max_examples=1_000, stateful_step_count=50))
