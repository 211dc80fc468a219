"""Governed ids on their way into a stand-in CRM over HTTP and into files."""

import csv
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.delivery import services
from apps.delivery.models import LedgerEntry
from apps.delivery.selectors import count_write_backs, find_ledger_lines, list_dead_write_backs
from apps.sources.connectors.standin_crm import list_pages
from mdmhub.standins.crm import SLOT, CrmServer
from tests.delivery.stands import HUB
from tests.delivery.test_ledger import GID_A, GID_B, GID_C, expect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def accounts(crm: CrmServer, tunables: dict[str, Any]) -> CrmServer:
    rows = ({"Id": f"key,{n}", "Name": f"Nr. {n}", "LastModifiedDate": "2025-01-01T00:00:00+00:00"} for n in range(5))
    crm.accounts.load(rows)
    tunables["WRITE_BACK"] = {"crm": {"transport": "standin_crm", "url": crm.url}}
    return crm


def slot(crm: CrmServer, number: int) -> str:
    account = crm.accounts.find(f"key,{number}")
    assert account is not None
    return str(account.get(SLOT, ""))


def write_back() -> int:
    LedgerEntry.objects.filter(state__in=["pending", "drifted"]).update(next_attempt_at=timezone.now())
    return services.write_back_due(seconds=5, actor=HUB)


def test_ids_reach_the_crm_and_are_read_back(accounts: CrmServer) -> None:
    expect(GID_A, 1, 2, 3)
    assert write_back() == 3
    assert [slot(accounts, n) for n in range(5)] == ["", GID_A, GID_A, GID_A, ""]
    assert count_write_backs() == {"crm": {"acknowledged": 3}}


def test_an_id_already_there_is_acknowledged_without_writing(accounts: CrmServer) -> None:
    accounts.accounts.change("key,1", {SLOT: GID_A})
    stamped = accounts.accounts.find("key,1")
    expect(GID_A, 1)
    assert write_back() == 1
    assert accounts.accounts.find("key,1") == stamped


def test_a_foreign_id_in_the_crm_is_recorded_as_drift_and_then_replaced(accounts: CrmServer) -> None:
    accounts.accounts.change("key,1", {SLOT: GID_C})
    expect(GID_A, 1)
    assert write_back() == 1
    line = find_ledger_lines([1])[1]
    assert (line.state, line.note) == ("acknowledged", f"carried {GID_C} before it was written")
    assert slot(accounts, 1) == GID_A


def test_a_merge_replaces_our_older_id_without_calling_it_drift(accounts: CrmServer) -> None:
    expect(GID_A, 1)
    write_back()
    expect(GID_B, 1)
    assert write_back() == 1
    assert (slot(accounts, 1), find_ledger_lines([1])[1].note) == (GID_B, "")


def test_a_write_that_the_crm_forgets_is_not_acknowledged(accounts: CrmServer) -> None:
    accounts.faults = {"method": "PATCH", "forget": "1"}
    expect(GID_A, 1)
    services.write_back_due(seconds=0.01, actor=HUB)
    assert find_ledger_lines([1])[1].state in ("pending", "dead")
    assert find_ledger_lines([1])[1].note == "read back nothing after writing"

    accounts.faults = {}
    services.replay_dead_write_backs(actor=HUB)
    assert write_back() == 1


def test_a_write_whose_answer_was_lost_is_found_done(accounts: CrmServer, tunables: dict[str, Any]) -> None:
    tunables["DELIVERY_TIMEOUT_SECONDS"] = 0.3
    tunables["DELIVERY_SPAN_SECONDS"] = 60
    accounts.faults = {"method": "PATCH", "delay": "0.6", "times": "1"}
    expect(GID_A, 1)
    assert write_back() == 0
    assert find_ledger_lines([1])[1].state == "pending"

    assert write_back() == 1
    assert (slot(accounts, 1), find_ledger_lines([1])[1].attempts) == (GID_A, 2)


def test_an_account_the_crm_does_not_have_is_dead_at_once(accounts: CrmServer) -> None:
    expect(GID_A, 77)
    write_back()
    (dead,) = list_dead_write_backs()
    assert (dead.record_id, dead.attempts) == (77, 1)


def test_a_crm_that_is_down_costs_one_attempt_a_round_and_the_files_go_on(
    accounts: CrmServer, tunables: dict[str, Any], tmp_path: Path
) -> None:
    tunables["DELIVERY_SPAN_SECONDS"] = 3600
    accounts.faults = {"status": "503"}
    expect(GID_A, 1, 2, 3, 4)
    expect(GID_B, 11, 12, source="erp")

    services.write_back_due(seconds=0.3, actor=HUB)

    assert count_write_backs() == {"crm": {"pending": 4}, "erp": {"acknowledged": 2}}
    assert sorted(LedgerEntry.objects.filter(source_code="crm").values_list("attempts", flat=True)) == [0, 0, 0, 1]
    accounts.faults = {}
    assert write_back() == 4


def test_a_source_without_a_connector_gets_its_ids_in_a_file_where_the_last_line_counts(tmp_path: Path) -> None:
    expect(GID_A, 1, 2, source="erp")
    write_back()
    expect(GID_B, 1, source="erp")
    write_back()
    with (tmp_path / "write_back" / "erp.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["source_key"] for row in rows].count("key,1") == 2
    assert {row["source_key"]: row["governed_id"] for row in rows} == {"key,1": GID_B, "key,2": GID_A}


def test_our_own_writing_comes_back_in_a_pull_as_no_news(accounts: CrmServer) -> None:
    before = [page.rows for page in list_pages({}, url=accounts.url)]
    expect(GID_A, 1, 2)
    write_back()

    (page,) = list_pages({}, url=accounts.url)

    found = services.note_found(source_code="crm", rows=page.found, actor=HUB)
    assert (set(found.own), set(found.drifted)) == ({"key,1", "key,2"}, set())
    without_stamp = [sorted((row["Id"], row["Name"], len(row)) for row in rows) for rows in (before[0], page.rows)]
    assert without_stamp[0] == without_stamp[1]


def test_an_id_changed_in_the_crm_is_drift_and_ours_is_written_again(accounts: CrmServer) -> None:
    expect(GID_A, 1)
    write_back()
    accounts.accounts.change("key,1", {SLOT: GID_C})
    (page,) = list_pages({}, url=accounts.url)

    assert services.note_found(source_code="crm", rows=page.found, actor=HUB).drifted == {"key,1"}
    assert count_write_backs() == {"crm": {"drifted": 1}}
    write_back()
    assert (slot(accounts, 1), count_write_backs()) == (GID_A, {"crm": {"acknowledged": 1}})
