"""Pins, however they are strewn over records: the live path and the bulk path give the same values."""

import random
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor, acting
from apps.golden.models import Pin
from apps.pipeline.draining import drain_redo
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.live import absorb
from apps.pipeline.runs import QuietJournal, journal
from apps.pipeline.snapshot import list_pending
from apps.quality.selectors import list_broken
from apps.sources.models import RecordVersion
from tests.factories.sources import RECEIVED
from tests.pipeline.files import cut_sample, load_rows
from tests.pipeline.reading import forget_results, read_hub
from tests.rolled_back import rolled_back

JANE = Actor.person("jane", None)


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The hub of this module, gone when it ends."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(40))
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with rolled_back(django_db_blocker):
        yield


def strew(seed: int, count: int) -> None:
    """Fix values for records drawn at random, mostly of several customers, so that pins meet, part and overrule."""
    chance = random.Random(seed)
    given = dict(RecordVersion.objects.filter(number=1).order_by("record_id").values_list("record_id", "given"))
    records = chance.sample(list(given), 30)
    rows = []
    for number in range(count):
        attribute, watched = chance.choice(["name", "city", "street", "phone", "country"]), None
        if chance.random() < 0.3:
            watched = chance.choice(records)
        said = "" if watched is None else given[watched].get(attribute, "")
        rows.append(
            Pin(
                pk=1_000_000 + number,
                golden_id=1,  # where it was made has no part in where it holds
                record_ids=sorted(chance.sample(records, chance.randint(1, 4))),
                attribute=attribute,
                value="Germany" if attribute == "country" else chance.choice(["", f"Fixed {number}"]),
                release="never" if watched is None else "source_changes",
                release_record_id=watched,
                release_value=said if chance.random() < 0.7 else "something else",
                pinned_by="person:jane",
                reason="drawn",
                pinned_at=RECEIVED,
            )
        )
    with acting(JANE, reason="drawn"):
        Pin.objects.bulk_create(rows)


def forget() -> None:
    with acting(JANE, reason="forgotten"):
        Pin.objects.all().delete()
    forget_results()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.usefixtures("db")
def test_pins_hold_alike_in_bulk_and_live_whatever_came_first(seed: int) -> None:
    forget()
    strew(seed, 25)
    with journal(kind="test", arguments={"seed": seed}, actor=JANE) as log:
        resolve(log, Ask(reason="matched", dirty=list_pending()))
    in_bulk = read_hub()
    assert sum(v[3] == "pinned" for values in in_bulk.values.values() for v in values.values()) > 5
    assert list_broken() == []

    forget()
    strew(seed, 25)
    records, chance = list_pending(), random.Random(seed)
    chance.shuffle(records)
    while records:
        size = chance.randint(1, 9)
        taken, records = records[:size], records[size:]
        absorb(taken, actor=JANE, reason="pushed")
    drain_redo(actor=JANE)
    assert read_hub().content == in_bulk.content
    assert list_broken() == []

    forget()
    absorb(list_pending(), actor=JANE, reason="pushed")
    drain_redo(actor=JANE)
    strew(seed, 25)
    everybody = sorted({record for pin in Pin.objects.all() for record in pin.record_ids})
    resolve(QuietJournal(JANE), Ask(reason="fixed", revalue=everybody))
    assert read_hub().content == in_bulk.content
    assert list_broken() == []
