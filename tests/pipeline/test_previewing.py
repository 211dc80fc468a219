"""A preview goes along with live writers: nobody who stores waits for somebody who looks."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.base.actors import Actor
from apps.base.locks import Gate
from apps.base.retrying import Busy
from apps.golden.models import GoldenRecord
from apps.matching.models import Verdict
from apps.pipeline.deciding import Outcome, merge_customers
from apps.pipeline.previewing import preview
from tests.factories import make_active_rules, make_customer, make_record, make_standard

pytestmark = pytest.mark.django_db(transaction=True)
HUB = Actor.hub("test")


@pytest.fixture
def two(db: None) -> tuple[GoldenRecord, GoldenRecord]:
    make_active_rules()
    made = []
    for source in ("crm", "erp"):
        record = make_record({"name": "ACME GmbH", "city": "Hamburg", "country": "DE"}, source=source, key="1")
        make_standard(record)
        made.append(make_customer(record))
    return made[0], made[1]


@pytest.fixture
def writer() -> Iterator[BaseDatabaseWrapper]:
    """Another connection, amid a transaction."""
    other = connection.copy("writer")
    other.set_autocommit(False)
    yield other
    other.rollback()
    other.close()


def ask(other: BaseDatabaseWrapper, sql: str, *values: int) -> object:
    with other.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def merge(two: tuple[GoldenRecord, GoldenRecord]) -> Outcome:
    return merge_customers(gid=two[0].gid, others=[two[1].gid], reason="one company", actor=HUB)


def test_who_writes_passes_while_somebody_looks(
    two: tuple[GoldenRecord, GoldenRecord], writer: BaseDatabaseWrapper
) -> None:
    passed = []

    def decide() -> Outcome:
        outcome = merge(two)
        passed.append(ask(writer, "SELECT pg_try_advisory_xact_lock_shared(%s, 0)", int(Gate.INTAKE)))
        return outcome

    shown = preview(decide)
    assert passed == [True]
    assert [customer.gid for customer in shown.customers] == [two[0].gid]
    # And the other way round: a writer that is under way keeps nobody from looking.
    assert preview(lambda: merge(two)).customers == shown.customers
    assert not Verdict.objects.exists()
    assert ask(connection, "SELECT current_setting('lock_timeout')") == "0"


def test_a_decision_still_keeps_writers_out(
    two: tuple[GoldenRecord, GoldenRecord], writer: BaseDatabaseWrapper
) -> None:
    with transaction.atomic():
        merge(two)
        assert ask(writer, "SELECT pg_try_advisory_xact_lock_shared(%s, 0)", int(Gate.INTAKE)) is False


def test_a_preview_gives_way_to_who_writes_the_same_customers(
    two: tuple[GoldenRecord, GoldenRecord], writer: BaseDatabaseWrapper
) -> None:
    ask(writer, "SELECT id FROM golden_goldenrecord WHERE id = %s FOR UPDATE", two[1].pk)
    with pytest.raises(Busy):
        preview(lambda: merge(two))
    writer.rollback()
    assert preview(lambda: merge(two)).is_preview
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
    assert str(ask(connection, "SHOW deadlock_timeout")) == "1s"
