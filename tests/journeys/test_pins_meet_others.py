"""A value is fixed while others are at the same customer: another steward, and a load under way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections

from apps.base.actors import Actor
from apps.golden.models import GoldenRecord, Pin
from apps.golden.selectors import list_pins
from apps.outbox.models import Event
from apps.pipeline.deciding.versions import CustomerChanged
from apps.pipeline.fixing import Wish, pin_value
from apps.pipeline.loading import load_files
from apps.pipeline.runs import Stage
from apps.quality.selectors import list_broken
from tests.pipeline.files import LOADER, changed, cut_sample, load_rows, write_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.concurrency]
JANE = Actor.person("jane", None)
STEWARDS = 4


def a_customer() -> GoldenRecord:
    return GoldenRecord.objects.filter(state="live", member_count__gte=2).order_by("pk")[0]


def test_of_stewards_who_pin_at_once_one_wins_and_the_others_are_told(tmp_path: Path) -> None:
    load_rows(tmp_path, cut_sample(10))
    golden, barrier = a_customer(), threading.Barrier(STEWARDS)

    def pin(number: int) -> bool:
        try:
            barrier.wait()
            wish = Wish("city", f"Town {number}")
            pin_value(gid=golden.gid, wish=wish, reason="raced", expected_version=golden.version, actor=JANE)
        except CustomerChanged:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(STEWARDS) as pool:
        won = list(pool.map(pin, range(STEWARDS)))
    assert sum(won) == 1
    [row] = list_pins(golden.gid)
    now = GoldenRecord.objects.get(pk=golden.pk)
    assert row.value == now.values["city"]["value"] == f"Town {won.index(True)}"
    assert (now.version, Pin.objects.count()) == (golden.version + 1, 1)
    assert Event.objects.filter(subject=golden.gid).count() == now.version
    assert list_broken() == []


def test_a_value_fixed_between_reading_and_storing_of_a_load_stands(tmp_path: Path) -> None:
    rows = cut_sample(12)
    load_rows(tmp_path / "first", rows)
    golden = a_customer()
    later = changed(rows["erp"], lambda row: {"TELF1": "+1 212 555 0143", "ORT01": f"{row['ORT01']} X"}, every=1)
    made: list[int] = []

    def pin_before_storing(stage: Stage) -> None:
        # The load has read and settled everything by then, and stored none of it.
        if stage.name == "store" and not made:
            made.append(1)
            pin_value(gid=golden.gid, wish=Wish("city", "Pinville"), reason="meanwhile", actor=JANE)

    load_files(files=[write_rows(tmp_path / "later", "erp", later)], actor=LOADER, listener=pin_before_storing)
    assert made
    entry = GoldenRecord.objects.get(pk=golden.pk).values["city"]
    assert (entry["value"], entry["rule"]) == ("Pinville", "pinned")
    assert list_broken() == []
