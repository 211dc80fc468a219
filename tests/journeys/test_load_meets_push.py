"""Records pushed live while a load is under way: both end as if everything had come at once."""

from pathlib import Path

import pytest

from apps.base.actors import Actor
from apps.pipeline.draining import drain_redo
from apps.pipeline.live import absorb
from apps.pipeline.loading import load_files
from apps.pipeline.runs import Stage
from apps.pipeline.snapshot import list_pending
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from tests.pipeline.files import LOADER, cut_sample, load_rows, write_rows
from tests.pipeline.reading import forget_results, read_hub

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CRM = Actor.hub("crm")


@pytest.mark.parametrize("stage", ["standardise", "store"])
def test_a_push_while_a_load_is_under_way_ends_as_all_at_once(stage: str, tmp_path: Path) -> None:
    rows = cut_sample(60)
    load_rows(tmp_path / "all", rows)
    at_once = read_hub()
    forget_results()
    pushed: list[int] = []

    def push_meanwhile(at: Stage) -> None:
        if at.name == stage and not pushed:
            # Every third account arrives live, between what the load has read and what it stores.
            pushed.extend(list_pending()[::3])
            for record in pushed:
                absorb([record], actor=CRM, reason="pushed")

    # The same files again: nothing lands, and everything is pending.
    files = [write_rows(tmp_path / "all", code, given) for code, given in rows.items()]
    load_files(files=files, actor=LOADER, listener=push_meanwhile)
    drain_redo(actor=CRM)
    assert pushed
    assert read_hub().partition == at_once.partition
    assert not SourceRecord.objects.filter(state="received").exists()
    assert list_broken() == []
