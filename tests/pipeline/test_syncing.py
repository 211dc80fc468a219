"""Scheduled sync against a real folder and a CRM that answers over HTTP."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.base.actors import Actor
from apps.delivery.selectors import count_write_backs
from apps.delivery.services import write_back_due
from apps.golden.models import GoldenRecord
from apps.pipeline.models import ScheduleSlot
from apps.pipeline.syncing import sync_folder, sync_pulled
from apps.pipeline.tasks import sync_watched_folder_task
from apps.sources.models import IntakeBatch, PullCursor, RecordVersion, SourceRecord
from mdmhub.standins.crm import CrmServer
from tests.delivery.stands import serving
from tests.pipeline.files import SAMPLES, read_rows

pytestmark = pytest.mark.django_db(transaction=True)
SYNC = Actor.hub("sync")


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the watched folder of the billing system, with its mapping in place."""
    monkeypatch.setitem(settings.MDM, "WATCH_FOLDER", tmp_path)
    folder = tmp_path / "billing"
    folder.mkdir()
    shutil.copy(SAMPLES / "us_listed" / "billing.toml", folder / "mapping.toml")
    return folder


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrmServer]:
    """Return a CRM with twenty accounts that the hub pulls from and writes back to."""
    with serving(CrmServer(port=0, store=tmp_path / "crm.sqlite")) as server:
        server.accounts.load(read_rows("crm")[:20])
        mapping = str(SAMPLES / "us_listed" / "crm.toml")
        monkeypatch.setitem(settings.MDM, "PULL", {"crm": {"url": server.url, "mapping": mapping}})
        monkeypatch.setitem(settings.MDM, "WRITE_BACK", {"crm": {"transport": "standin_crm", "url": server.url}})
        yield server


def drop(inbox: Path, name: str, lines: int) -> None:
    text = (SAMPLES / "us_listed" / "billing.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (inbox / name).write_text("".join(text[: lines + 1]), encoding="utf-8")


def test_a_new_file_is_loaded_once_and_put_away(inbox: Path) -> None:
    drop(inbox, "monday.csv", 10)
    assert sync_folder(actor=SYNC) == "1 files loaded, 0 refused"
    assert SourceRecord.objects.filter(state="live").count() == 10
    assert (inbox / "done" / "monday.csv").is_file()
    assert sync_folder(actor=SYNC) == "0 files loaded, 0 refused"


def test_a_file_that_can_t_be_used_is_put_aside_and_the_next_one_is_loaded(inbox: Path) -> None:
    (inbox / "a-broken.csv").write_text("", encoding="utf-8")
    drop(inbox, "b-whole.csv", 3)
    assert sync_folder(actor=SYNC) == "1 files loaded, 1 refused"
    assert (inbox / "refused" / "a-broken.csv").is_file()
    assert IntakeBatch.objects.get(state="refused").held_reason != ""


def test_the_watching_job_runs_once_per_slot(inbox: Path) -> None:
    drop(inbox, "monday.csv", 2)
    for _ in range(3):
        sync_watched_folder_task()
    outcomes = list(ScheduleSlot.objects.filter(job="watch-folder").values_list("outcome", flat=True))
    # The three calls may straddle the border of two slots, never share one.
    assert outcomes.count("1 files loaded, 0 refused") == 1
    assert len(outcomes) <= 2


def test_a_pull_takes_in_every_account_and_moves_the_cursor(crm: CrmServer) -> None:
    assert sync_pulled(actor=SYNC) == "crm: 20 new, 0 changed"
    assert GoldenRecord.objects.filter(state="live").exists()
    assert PullCursor.objects.get().position != {}


def test_our_own_id_read_back_makes_no_new_version(crm: CrmServer) -> None:
    sync_pulled(actor=SYNC)
    assert write_back_due(seconds=10, actor=SYNC) == 20
    assert sync_pulled(actor=SYNC) == "crm: 0 new, 0 changed"
    assert RecordVersion.objects.count() == 20
    assert count_write_backs() == {"crm": {"acknowledged": 20}}


def test_a_change_in_the_crm_arrives_with_the_next_pull(crm: CrmServer) -> None:
    sync_pulled(actor=SYNC)
    key = read_rows("crm")[0]["Id"]
    crm.accounts.change(key, {"Name": "Renamed Holdings Inc."})
    assert sync_pulled(actor=SYNC) == "crm: 0 new, 1 changed"
    assert GoldenRecord.objects.filter(state="live", name="Renamed Holdings Inc.").count() == 1


def test_a_crm_that_fails_leaves_the_cursor_where_it_was(crm: CrmServer) -> None:
    sync_pulled(actor=SYNC)
    before: dict[str, Any] = PullCursor.objects.get().position
    crm.faults = {"status": "503", "times": "99"}
    with pytest.raises(Exception, match="503"):
        sync_pulled(actor=SYNC)
    assert PullCursor.objects.get().position == before
