"""Records taken in one by one: the customers, values and questions of a bulk load of the same facts."""

import random
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor
from apps.pipeline.draining import drain_redo
from apps.pipeline.live import absorb
from apps.pipeline.snapshot import list_pending
from apps.quality.invariants import INVARIANTS
from tests.pipeline.files import cut_sample, load_rows
from tests.pipeline.reading import forget_results, read_details, read_hub
from tests.rolled_back import rolled_back

CRM = Actor.hub("crm")


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The hub of this module, gone when it ends: 110 companies, loaded in bulk."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(110))
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with rolled_back(django_db_blocker):
        yield


@pytest.mark.parametrize(("seed", "most"), [(1, 1), (2, 7), (3, 100)])
@pytest.mark.usefixtures("db")
def test_any_order_and_size_of_batches_gives_what_a_bulk_load_gives(seed: int, most: int) -> None:
    in_bulk, details = read_hub(), read_details()
    assert {question[0] for question in details["questions"]} == {"pair", "weak"}
    forget_results()
    records, chance = list_pending(), random.Random(seed)
    chance.shuffle(records)
    while records:
        size = chance.randint(1, most)
        taken, records = records[:size], records[size:]
        absorb(taken, actor=CRM, reason="pushed")
    drain_redo(actor=CRM)
    live = read_hub()
    assert live.partition == in_bulk.partition
    assert live.content == in_bulk.content
    for name, found in read_details().items():
        assert found == details[name], name
    broken = {i.number: found.rows for i in INVARIANTS for found in (check() for check in i.checks) if found.broken}
    assert not broken
