"""Pipeline, worker and pull on the same ledger rows at once: no deadlock, and the last wish wins."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pyarrow as pa
import pytest
from django.db import connections

from apps.base.actors import acting
from apps.delivery import services
from apps.delivery.selectors import count_write_backs, find_ledger_lines
from tests.delivery.stands import HUB

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
RECORDS, ROUNDS = 60, 25


def wish(records: list[int], round_number: int) -> None:
    frame = pa.table(
        {
            "record_id": pa.array(records, pa.int64()),
            "source_code": ["erp"] * len(records),
            "source_key": [f"K{record}" for record in records],
            "gid": [f"GC-{round_number:06d}{record:06d}-0" for record in records],
        }
    )
    with acting(HUB, reason="test"):
        services.expect_ids(frame=frame, correlation_id=uuid4(), actor=HUB)


def test_wishes_writes_and_pulls_at_once_end_with_every_last_wish_acknowledged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wishes_made = threading.Event()

    def keep_wishing(seed: int) -> None:
        draw = random.Random(seed)
        try:
            for number in range(ROUNDS):
                wish(draw.sample(range(RECORDS), RECORDS), number)
        finally:
            connections.close_all()

    def keep_working() -> None:
        try:
            while not wishes_made.is_set():
                services.write_back_due(seconds=0.2, actor=HUB)
        finally:
            connections.close_all()

    def keep_pulling() -> None:
        draw = random.Random(9)
        try:
            while not wishes_made.is_set():
                rows = {f"K{record}": "GC-FOREIGN" for record in draw.sample(range(RECORDS), RECORDS // 2)}
                services.note_found(source_code="erp", rows=rows, actor=HUB)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        others = [pool.submit(work) for work in (keep_working, keep_working, keep_pulling)]
        wishing = [pool.submit(keep_wishing, seed) for seed in (1, 2)]
        try:
            for future in wishing:
                future.result()
        finally:
            wishes_made.set()
        for future in others:
            future.result()
    wish(list(range(RECORDS)), ROUNDS)
    services.write_back_due(seconds=5, actor=HUB)

    assert "delivery.lane_failed" not in caplog.text
    assert count_write_backs() == {"erp": {"acknowledged": RECORDS}}
    lines = find_ledger_lines(range(RECORDS)).values()
    assert {line.acknowledged for line in lines} == {f"GC-{ROUNDS:06d}{record:06d}-0" for record in range(RECORDS)}
