"""A bulk run in which every record is gone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.base.actors import Actor, acting
from apps.golden.models import GoldenRecord
from apps.pipeline.loading import resolve_pending
from apps.pipeline.runs import journal
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from apps.sources.pushed_landing import count_landed, find_sources, land_pushed
from apps.sources.pushing import Push, read_pushes
from tests.pipeline.files import cut_sample, load_rows

pytestmark = pytest.mark.django_db
CRM = Actor.hub("crm")


def take_away(*gone: Push) -> None:
    with acting(CRM, reason="gone"):
        reading = read_pushes(list(enumerate(gone, start=1)), now=datetime.now(UTC))
        landing = land_pushed(reading=reading, sources=find_sources({p.source_code for p in gone}), actor=CRM)
        count_landed(landing=landing, faulted={}, actor=CRM)
    with journal(kind="sync", arguments={}, actor=CRM) as log:
        resolve_pending(log, reason="gone")


def test_customers_whose_every_record_is_gone_retire(tmp_path: Path) -> None:
    load_rows(tmp_path, cut_sample(3))
    keys = SourceRecord.objects.values_list("source__code", "key")
    take_away(*(Push(source, key, is_deleted=True) for source, key in keys))
    assert set(GoldenRecord.objects.values_list("state", flat=True)) == {"retired"}
    assert not SourceRecord.objects.exclude(state="deleted").exists()
    assert list_broken() == []


def test_a_deletion_that_overtook_its_record_belongs_to_nobody(tmp_path: Path) -> None:
    load_rows(tmp_path, cut_sample(3))
    customers = GoldenRecord.objects.count()
    take_away(Push("crm", "never-heard-of", modified_at="2026-03-02T00:00:00Z", is_deleted=True))
    assert SourceRecord.objects.get(key="never-heard-of").state == "deleted"
    assert GoldenRecord.objects.count() == customers
    assert list_broken() == []
