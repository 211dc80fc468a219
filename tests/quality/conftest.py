"""A small hub with a past: loaded twice, judged and undone, with a subscriber. Each test plants one breach in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.delivery.services import register_subscriber
from apps.golden.models import GoldenRecord
from apps.pipeline.deciding import judge_case, undo_decision
from tests.pipeline.files import changed, cut_sample, load_rows
from tests.rolled_back import rolled_back

JANE = Actor.person("jane", None)
SOON_GONE = {"KUNNR": "9999999999", "NAME1": "Quillwort Harbour Dredging LLC", "ORT01": "EASTPORT", "LAND1": "US"}


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The hub of a test module, gone when it ends."""
    with rolled_back(django_db_blocker):
        _live_a_little(tmp_path_factory.mktemp("files"))
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Access to that hub in place of an empty one; what a test plants is taken out again after it."""
    with rolled_back(django_db_blocker):
        yield


def _live_a_little(folder: Path) -> None:
    register_subscriber(code="feed", transport="file", target="feed.jsonl", actor=JANE)
    rows = cut_sample(110)
    load_rows(folder / "first", {**rows, "erp": [*rows["erp"], SOON_GONE]})
    rows["erp"] = changed(rows["erp"][3:], lambda _: {"TELF1": "+1 212 555 0143"}, every=4)
    rows["crm"] = []
    load_rows(folder / "second", rows)
    _judge("same")
    _judge("same")
    _judge("different")
    undone = _judge("same")
    undo_decision(verdict_id=undone, actor=JANE)
    assert set(GoldenRecord.objects.values_list("state", flat=True)) >= {"live", "merged", "retired"}


def _judge(verdict: str) -> int:
    case = Case.objects.filter(state="open", kind="pair").order_by("-score", "pk").first()
    assert case is not None
    return judge_case(case_id=case.pk, verdict=verdict, actor=JANE).verdict_id
