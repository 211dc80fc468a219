"""Arrival order doesn't matter: under one rule set version, any order of loads ends in one partition and its values."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from apps.cases.models import Case
from apps.quality.selectors import list_broken
from apps.rulebook.selectors import ActiveRules, get_active_rules
from apps.rulebook.services import publish_and_activate
from apps.sources.models import SourceRecord
from tests.pipeline.files import LOADER, Row, changed, cut_sample, load, write_rows
from tests.pipeline.reading import Hub, read_hub

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
COMPANIES = 120


def cut() -> dict[str, list[Row]]:
    return cut_sample(COMPANIES)


def load_at_once(folder: Path) -> tuple[Hub, ActiveRules]:
    """Return the hub after one load of everything, and the rules it published; nothing of it stays."""
    with transaction.atomic():
        load(*(write_rows(folder, code, rows) for code, rows in cut().items()))
        found = read_hub(), get_active_rules()
        transaction.set_rollback(True)
    return found


def load_in_steps(folder: Path, rules: ActiveRules, steps: Sequence[dict[str, list[Row]]]) -> Hub:
    publish_and_activate(rules=rules.rules, statistics=rules.statistics, note="as at once", actor=LOADER)
    for number, step in enumerate(steps):
        load(*(write_rows(folder / str(number), code, rows) for code, rows in step.items()))
    assert list_broken() == []
    return read_hub()


@pytest.mark.parametrize(
    "order", [("erp", "billing", "crm"), ("crm", "billing", "erp"), ("billing", "erp", "crm")], ids=" then ".join
)
def test_one_source_after_another_ends_as_all_at_once(order: tuple[str, ...], tmp_path: Path) -> None:
    whole, rules = load_at_once(tmp_path / "whole")
    rows = cut()
    stepwise = load_in_steps(tmp_path, rules, [{code: rows[code]} for code in order])
    assert stepwise.partition == whole.partition
    assert stepwise.content == whole.content


def test_halves_in_reverse_end_as_all_at_once(tmp_path: Path) -> None:
    whole, rules = load_at_once(tmp_path / "whole")
    rows = cut()
    # Deltas only: a snapshot's first half would delete what it lacks.
    crm, billing = rows["crm"][::-1], rows["billing"][::-1]
    steps = [
        {"crm": crm[: len(crm) // 2]},
        {"billing": billing[: len(billing) // 2], "erp": rows["erp"]},
        {"crm": crm[len(crm) // 2 :]},
        {"billing": billing[len(billing) // 2 :]},
    ]
    stepwise = load_in_steps(tmp_path, rules, steps)
    assert stepwise.partition == whole.partition
    assert stepwise.content == whole.content


def load_two_days(folder: Path) -> tuple[Hub, set[tuple[str, str]], int]:
    """Return the hub, its open questions by source key, and how many were closed and then asked again."""
    rows = cut()
    load(*(write_rows(folder / "first", code, given) for code, given in rows.items()))
    rows["erp"] = changed(rows["erp"], lambda row: {"PSTLZ": row["PSTLZ"] + "-0001", "TELF1": ""}, every=3)
    load(write_rows(folder / "second", "erp", rows["erp"]))
    assert list_broken() == []
    name_of = {pk: f"{code}:{key}" for pk, code, key in SourceRecord.objects.values_list("pk", "source__code", "key")}
    pairs = Case.objects.filter(kind="pair").values_list("state", "low_record_id", "high_record_id")
    asked = {(low, high) for state, low, high in pairs if state == "open"}
    again = sum((low, high) in asked for state, low, high in pairs if state == "closed")
    return read_hub(), {(name_of[low or 0], name_of[high or 0]) for low, high in asked}, again


def test_the_size_of_chunks_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        large, asked, _ = load_two_days(tmp_path / "large")
        transaction.set_rollback(True)
    monkeypatch.setitem(settings.MDM, "CHUNK_RECORDS", 15)
    small, asked_in_small, again = load_two_days(tmp_path / "small")
    assert small.partition == large.partition
    assert small.content == large.content
    assert asked_in_small == asked != set()
    assert again == 0
