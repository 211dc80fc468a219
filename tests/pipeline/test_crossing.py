"""A bulk run that takes a match key over its cap, or below it, ends as a run over everybody would."""

import pytest

from apps.sources.pushing import Push
from tests.concurrency.companies import SOURCES, account, set_up_hub
from tests.concurrency.facts import land, match_in_bulk, replay_in_bulk, settle_down
from tests.concurrency.rule_sets import RULE_SETS, put_in_force

pytestmark = pytest.mark.django_db
CAP = 3


@pytest.fixture(autouse=True)
def _rare_keys() -> None:
    set_up_hub()
    put_in_force(RULE_SETS["rare keys"])


def account_of(company: int, number: int) -> Push:
    """Return account `number` of a company; all of them share their keys."""
    return account(company, SOURCES[number % len(SOURCES)], key=f"{company}-{number}")


def gone(company: int, number: int) -> Push:
    return Push(SOURCES[number % len(SOURCES)], f"{company}-{number}", is_deleted=True)


def run(*pushes: Push) -> None:
    land(pushes)
    match_in_bulk()


def assert_as_all_at_once(customers: int) -> None:
    found = settle_down()
    at_once = replay_in_bulk()
    assert len(found.customers) == customers
    assert found.partition == at_once.partition
    assert found.content == at_once.content


def test_newcomers_over_the_cap_part_those_who_were_there() -> None:
    run(*(account_of(company, number) for company in (1, 2) for number in range(CAP)))
    run(account_of(1, 7))
    assert_as_all_at_once(customers=CAP + 1 + 1)


def test_a_deletion_below_the_cap_brings_those_together_who_are_left() -> None:
    run(*(account_of(company, number) for company in (1, 2) for number in range(CAP + 1)))
    run(gone(1, 0))
    assert_as_all_at_once(customers=1 + CAP + 1)


def test_a_change_takes_keys_below_the_cap_and_others_over_it() -> None:
    run(*(account_of(company, number) for company, count in ((1, CAP + 1), (2, CAP)) for number in range(count)))
    run(account(2, SOURCES[1], key="1-1"))
    assert_as_all_at_once(customers=1 + CAP + 1)


def test_who_comes_and_who_goes_at_once_leave_a_key_as_it_was() -> None:
    run(*(account_of(1, number) for number in range(CAP)))
    run(account_of(1, 7), gone(1, 0))
    assert_as_all_at_once(customers=1)
