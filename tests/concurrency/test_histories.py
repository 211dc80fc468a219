"""Whatever happens to a hub, and in whatever order: the same facts make the same customers.

Each seed draws histories of its own, the same ones at every run, so that they can run side by side and a failure names
the seed to run again.
"""

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
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
    # Twenty steps can be read as they were drawn; to find fewer that do takes longer than all the rest.
    phases=[Phase.generate],
)


def live(drawn_from: int, *, histories: int) -> None:
    run_state_machine_as_test(seed(drawn_from)(Histories), settings=settings(QUIET, max_examples=histories))


@pytest.mark.parametrize("drawn_from", range(4))
def test_forty_histories_of_up_to_twenty_steps_keep_every_promise(drawn_from: int) -> None:
    live(drawn_from, histories=10)


@pytest.mark.chaos
@pytest.mark.parametrize("drawn_from", range(100, 140))
def test_a_thousand_histories_of_up_to_twenty_steps_keep_every_promise(drawn_from: int) -> None:
    live(drawn_from, histories=25)
