"""What GIN indexes hold back, and that a load leaves none of it behind."""

from pathlib import Path

import pytest
from django.db import connection, transaction

from apps.base.pending import BULK_LIMIT, LIVE_LIMIT, LIVE_SETTINGS, hold_back, sweep_pending
from apps.pipeline.live import take_turn
from tests.pipeline.files import cut_sample, load_rows


@pytest.mark.django_db
def test_a_load_leaves_nothing_pending_for_look_ups_to_read(tmp_path: Path) -> None:
    load_rows(tmp_path, cut_sample(20))
    assert sweep_pending() == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE matching_standardrecord SET match_keys = match_keys || 4711::bigint")
    assert sweep_pending() > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [BULK_LIMIT, LIVE_LIMIT])
def test_how_much_waits_is_said_for_one_transaction(limit: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        hold_back(limit)
        cursor.execute("SHOW gin_pending_list_limit")
        assert cursor.fetchone()[0] == limit
    with connection.cursor() as cursor:
        cursor.execute("SHOW gin_pending_list_limit")
        assert cursor.fetchone()[0] == "4MB"


@pytest.mark.django_db(transaction=True)
def test_live_writers_let_little_wait_and_plan_each_statement_once() -> None:
    with transaction.atomic():
        take_turn()
        assert {name: _shown(name) for name in LIVE_SETTINGS} == LIVE_SETTINGS
    assert [_shown(name) for name in LIVE_SETTINGS] == ["4MB", "auto"]


def _shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])
