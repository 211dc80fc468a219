"""A person decides while a load is under way: the load resolves anew what the decision touched."""

from pathlib import Path

import pytest

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.golden.models import GoldenRecord
from apps.pipeline.deciding import judge_case
from apps.pipeline.loading import load_files
from apps.pipeline.runs import Stage
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from tests.pipeline.files import KEYS, LOADER, cut_sample, load_rows, write_rows

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
JANE = Actor.person("jane", None)


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_a_decision_between_reading_and_storing_stands(verdict: str, tmp_path: Path) -> None:
    rows = cut_sample(60)
    load_rows(tmp_path / "first", rows)
    case = Case.objects.filter(state="open", kind="pair").order_by("-score", "pk")[0]
    named = SourceRecord.objects.filter(pk__in=[case.low_record_id, case.high_record_id])
    keys = set(named.values_list("source__code", "key"))
    file = {"erp": "TELF1", "billing": "bill_to_city", "crm": "BillingCity"}
    stamp = {"billing": {"updated_at": "2030-01-01T00:00:00Z"}, "crm": {"LastModifiedDate": "2030-01-01T00:00:00Z"}}
    later = [
        write_rows(
            tmp_path / "later",
            code,
            [
                {**row, file[code]: "", **stamp.get(code, {})} if (code, row[KEYS[code]]) in keys else row
                for row in given
            ],
        )
        for code, given in rows.items()
    ]
    made: list[int] = []

    def decide_before_storing(stage: Stage) -> None:
        # The load has read and settled everything by then, and stored none of it.
        if stage.name == "store" and not made:
            made.append(0)
            made.append(judge_case(case_id=case.pk, verdict=verdict, actor=JANE).verdict_id)

    run = load_files(files=later, actor=LOADER, listener=decide_before_storing)
    assert len(made) == 2
    assert run.counts["changed_rows"] == len(keys) == 2
    low, high = (GoldenRecord.objects.get(memberships__record_id=r) for r in (case.low_record_id, case.high_record_id))
    assert (low == high) == (verdict == "same")
    assert list(named.values_list("latest_number", flat=True)) == [2, 2]
    assert list(named.values_list("applied_number", flat=True)) == [2, 2]
    assert list_broken() == []
