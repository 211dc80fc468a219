"""Two people decide about the same customers at the same moment: one of them does, the other learns why not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.golden.models import GoldenRecord
from apps.matching.models import Verdict, VerdictPair
from apps.pipeline.deciding import merge_customers, split_customer, undo_decision
from apps.quality.selectors import list_broken
from tests.factories import make_active_rules, make_customer, make_link, make_record, make_standard

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
JANE, BOB = Actor.person("jane", None), Actor.person("bob", None)
NAMES = ("Quillwort Dredging", "Marigold Foundry", "Sedge Optics")
# The factories write values and ids without a load's history, events and deliveries; decisions are what is held here.
ABOUT_DECISIONS = {1, 2, 3, 4, 7, 8, 10, 35}


def race(*deeds: Callable[[], object]) -> list[object]:
    """Start the deeds at one moment, each on a connection of its own; return what each gave or was refused with."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        try:
            start.wait(10)
            return deed()
        except HubError as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


@pytest.fixture
def gids(db: None) -> list[str]:
    """Three customers of two records each."""
    make_active_rules()
    found = []
    for number, name in enumerate(NAMES):
        said = {"name": f"{name} Ltd", "city": "Hull", "country": "GB"}
        records = [make_record(said, source=source, key=f"{source}-{number}") for source in ("erp", "crm")]
        for record in records:
            make_standard(record)
        make_link(*records)
        found.append(make_customer(*records).gid)
    return found


def held() -> set[int]:
    return {finding.number for finding in list_broken()} & ABOUT_DECISIONS


@pytest.mark.parametrize("_again", range(3))
def test_of_two_who_merge_what_both_have_seen_one_does(gids: list[str], _again: int) -> None:
    a, b, c = gids
    seen = dict.fromkeys(gids, 1)
    told = race(
        lambda: merge_customers(gid=a, others=[b], reason="x", versions=seen, actor=JANE).act,
        lambda: merge_customers(gid=b, others=[c], reason="x", versions=seen, actor=BOB).act,
    )
    assert told.count("merge") == 1
    assert set(told) <= {"merge", "customer.changed", "customer.version_needed", "hub.conflict"}
    assert GoldenRecord.objects.filter(state="live").count() == 2
    assert held() == set()


@pytest.mark.parametrize("_again", range(3))
def test_of_a_merge_and_a_split_of_one_customer_one_is_carried_out(gids: list[str], _again: int) -> None:
    a, b, _ = gids
    seen = dict.fromkeys(gids, 1)
    told = race(
        lambda: merge_customers(gid=a, others=[b], reason="x", versions=seen, actor=JANE).act,
        lambda: split_customer(gid=b, groups=[["erp:erp-1"]], reason="x", versions=seen, actor=BOB).act,
    )
    assert len({"merge", "split"} & set(told)) == 1
    assert GoldenRecord.objects.filter(state="live").count() == (2 if "merge" in told else 4)
    assert held() == set()


def test_of_many_who_undo_one_decision_one_does(gids: list[str]) -> None:
    a, b, _ = gids
    done = merge_customers(gid=a, others=[b], reason="x", actor=JANE)
    told = race(*[lambda: undo_decision(verdict_id=done.decision or 0, actor=JANE).verdict] * 4)
    assert sorted(map(str, told)) == ["decision.undone"] * 3 + ["same"]
    assert GoldenRecord.objects.filter(state="live").count() == 3
    assert held() == set()


def test_of_two_who_contradict_each_other_one_is_refused(gids: list[str]) -> None:
    a, b, _ = gids
    race(
        lambda: merge_customers(gid=a, others=[b], reason="x", actor=JANE).act,
        lambda: split_customer(gid=a, groups=[["erp:erp-0"]], reason="x", actor=BOB).act,
    )
    # Whatever came first, what binds can all be true at once.
    assert held() == set()
    assert Verdict.objects.count() in {1, 2}
    assert VerdictPair.objects.filter(is_live=True).exists()
