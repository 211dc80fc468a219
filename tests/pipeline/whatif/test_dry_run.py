"""What a dry run says is what publishing does; and it writes nothing."""

from pathlib import Path

import pytest

from apps.base.actors import Actor
from apps.pipeline.whatif import approve_version, carry_out_rematch, publish_version, try_version
from apps.quality.selectors import list_broken
from tests.pipeline.whatif.hub import ANNA, BEN, difference, draft, set_up, what_is_there


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rules", ["strict", "loose", "rare keys", "small clusters"])
def test_a_report_is_what_happens(rules: str, tmp_path: Path) -> None:
    set_up(tmp_path)
    number = draft(rules)
    before = what_is_there()
    report = try_version(number=number, actor=ANNA).report
    assert what_is_there() == before
    approve_version(number=number, reason="looked at it", actor=BEN)
    publish_version(number=number, reason="better rules", actor=ANNA)
    run = carry_out_rematch(actor=Actor.hub("rematch"))
    assert run is not None
    happened = difference(before, what_is_there())
    counts = report["counts"]
    assert {name: counts.get(name, 0) for name in run.counts if name != "records"} == {
        name: n for name, n in run.counts.items() if name != "records"
    }
    assert {name: counts.get(name, 0) for name in ("merged", "created", "new_cases", "cases_closed", "deliveries")} == {
        name: happened[name] for name in ("merged", "created", "new_cases", "cases_closed", "deliveries")
    }
    assert (report["events"], report["targets"]) == (happened["events"], happened["targets"])
    assert report["attributes"] == happened["attributes"]
    assert report["affected"] + counts["created"] == happened["told"]
    assert counts["changed"] + counts["merged"] > 0
    assert list_broken() == []
