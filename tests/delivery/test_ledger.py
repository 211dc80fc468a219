from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from apps.base.actors import acting
from apps.base.errors import Invalid, NotFound
from apps.delivery import services
from apps.delivery.models import LedgerEntry
from apps.delivery.selectors import LedgerLine, count_write_backs, find_ledger_lines, list_due_sources
from apps.delivery.services.writing_back import claim_write_backs, settle_write_backs
from apps.delivery.targets.base import Answer, Written
from tests.delivery.stands import HUB

pytestmark = pytest.mark.django_db
GID_A, GID_B, GID_C = "GC-AAAAAAAAAAAA-A", "GC-BBBBBBBBBBBB-B", "GC-CCCCCCCCCCCC-C"


def expect(gid: str, *records: int, source: str = "crm") -> int:
    frame = pa.table(
        {
            "record_id": pa.array(records, pa.int64()),
            "source_code": [source] * len(records),
            "source_key": [f"key,{record}" for record in records],
            "gid": [gid] * len(records),
        }
    )
    with acting(HUB, reason="test"):
        return services.expect_ids(frame=frame, correlation_id=uuid4(), actor=HUB)


def line(record: int = 1) -> LedgerLine:
    return find_ledger_lines([record])[record]


def settle(result: Written, found: str | None = None, source: str = "crm") -> int:
    token, claimed = claim_write_backs(source_code=source, limit=10)
    return settle_write_backs(token=token, claimed=claimed, answers=[Answer(result, found)] * len(claimed))


def test_an_expected_id_is_owed_until_acknowledged() -> None:
    assert expect(GID_A, 1, 2) == 2
    assert list_due_sources() == ["crm"]
    assert (line().state, line().desired, line().source_key) == ("pending", GID_A, "key,1")

    assert settle(Written.APPLIED, "") == 2

    assert (line().state, line().sent, line().acknowledged, line().found) == ("acknowledged", GID_A, GID_A, GID_A)
    assert list_due_sources() == []


def test_expecting_the_same_id_again_changes_nothing() -> None:
    expect(GID_A, 1)
    before = line()
    assert expect(GID_A, 1) == 0
    assert line() == before


def test_a_new_wish_is_owed_and_the_old_id_is_no_surprise_there() -> None:
    expect(GID_A, 1)
    settle(Written.APPLIED, "")
    assert expect(GID_B, 1) == 1

    _, (claimed,) = claim_write_backs(source_code="crm", limit=1)

    assert (claimed.intent.gid, claimed.intent.known, claimed.number) == (GID_B, frozenset({GID_A}), 1)


def test_a_wish_taken_back_before_it_was_sent_is_owed_nothing() -> None:
    expect(GID_A, 1)
    settle(Written.APPLIED, "")
    expect(GID_B, 1)
    expect(GID_A, 1)
    assert line().state == "acknowledged"


def test_a_wish_that_changes_under_way_is_owed_next() -> None:
    expect(GID_A, 1)
    token, claimed = claim_write_backs(source_code="crm", limit=1)
    expect(GID_B, 1)
    assert line().state == "in_flight"
    assert claim_write_backs(source_code="crm", limit=1)[1] == []

    settle_write_backs(token=token, claimed=claimed, answers=[Answer(Written.APPLIED, "")])

    assert (line().state, line().desired, line().acknowledged) == ("pending", GID_B, GID_A)
    assert list_due_sources() == ["crm"]


def test_a_record_that_is_gone_is_owed_nothing_and_what_is_under_way_settles_nothing() -> None:
    expect(GID_A, 1)
    token, claimed = claim_write_backs(source_code="crm", limit=1)
    with acting(HUB, reason="test"):
        assert services.withdraw_ids(record_ids=[1, 99], actor=HUB) == 1

    assert settle_write_backs(token=token, claimed=claimed, answers=[Answer(Written.APPLIED, "")]) == 0
    assert (line().state, list_due_sources()) == ("withdrawn", [])

    assert expect(GID_A, 1) == 1
    assert line().state == "pending"


def test_our_own_id_found_in_a_pull_is_acknowledged_and_no_drift() -> None:
    expect(GID_A, 1, 2)
    settle(Written.APPLIED, "")

    found = services.note_found(source_code="crm", rows={"key,1": GID_A, "key,2": GID_A, "other": ""}, actor=HUB)

    assert (set(found.own), set(found.drifted), set(found.unknown)) == ({"key,1", "key,2"}, set(), {"other"})
    assert count_write_backs() == {"crm": {"acknowledged": 2}}


def test_an_id_found_before_it_was_sent_counts_as_acknowledged() -> None:
    expect(GID_A, 1)
    services.note_found(source_code="crm", rows={"key,1": GID_A}, actor=HUB)
    assert (line().state, line().acknowledged) == ("acknowledged", GID_A)


@pytest.mark.parametrize("slot", [GID_C, "", "x" * 300])
def test_another_id_where_ours_was_acknowledged_is_drift_and_ours_is_owed_again(slot: str) -> None:
    expect(GID_A, 1)
    settle(Written.APPLIED, "")

    found = services.note_found(source_code="crm", rows={"key,1": slot}, actor=HUB)

    assert found.drifted == {"key,1"}
    assert (line().state, line().found, line().attempts) == ("drifted", slot[:40], 0)
    assert list_due_sources() == ["crm"]


@pytest.mark.parametrize("slot", ["", GID_A])
def test_what_stands_there_before_a_wish_is_sent_is_no_drift(slot: str) -> None:
    expect(GID_A, 1)
    settle(Written.APPLIED, "")
    expect(GID_B, 1)

    found = services.note_found(source_code="crm", rows={"key,1": slot}, actor=HUB)

    assert (found.own, found.drifted) == (frozenset(), frozenset())
    assert line().state == "pending"


def test_another_source_with_the_same_key_is_another_record() -> None:
    expect(GID_A, 1)
    expect(GID_B, 2, source="erp")
    settle(Written.APPLIED, "", source="erp")
    services.note_found(source_code="erp", rows={"key,1": GID_A}, actor=HUB)
    assert line().state == "pending"


def test_a_foreign_id_is_recorded_first_and_replaced_by_the_next_try() -> None:
    expect(GID_A, 1)
    settle(Written.DRIFTED, GID_C)
    assert (line().state, line().found) == ("drifted", GID_C)

    _, (claimed,) = claim_write_backs(source_code="crm", limit=1)
    assert GID_C in claimed.intent.known


def test_a_write_back_dies_after_its_last_attempt_and_can_be_replayed(tunables: dict[str, Any]) -> None:
    tunables["DELIVERY_SPAN_SECONDS"] = 0
    expect(GID_A, 1)
    for _ in range(4):
        assert line().state == "pending"
        settle(Written.FAILED)
    assert (line().state, line().attempts) == ("dead", 4)

    assert services.replay_dead_write_backs(record_ids=[1], actor=HUB) == [1]
    assert (line().state, line().attempts) == ("pending", 0)
    with pytest.raises(NotFound, match="not dead"):
        services.replay_dead_write_backs(record_ids=[1], actor=HUB)


def test_a_new_wish_revives_a_dead_write_back() -> None:
    expect(GID_A, 1)
    settle(Written.HOPELESS)
    assert line().state == "dead"
    expect(GID_B, 1)
    assert (line().state, line().attempts) == ("pending", 0)


def test_a_lapsed_write_back_is_due_again_and_its_holder_settles_nothing() -> None:
    expect(GID_A, 1)
    token, claimed = claim_write_backs(source_code="crm", limit=1)
    LedgerEntry.objects.update(lease_until="2020-01-01T00:00Z")

    assert settle_write_backs(token=token, claimed=claimed, answers=[Answer(Written.APPLIED, "")]) == 0
    from apps.delivery.services.writing_back import release_lapsed_write_backs

    assert release_lapsed_write_backs() == 1
    assert (line().state, line().attempts) == ("pending", 1)


@pytest.mark.django_db(transaction=True)
def test_ids_are_expected_inside_a_transaction_only() -> None:
    with pytest.raises(Invalid, match="inside the transaction"):
        services.expect_ids(frame=pa.table({"record_id": [1]}), correlation_id=uuid4(), actor=HUB)
