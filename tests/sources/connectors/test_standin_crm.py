"""The pull connector against the stand-in CRM, well-behaved and not."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.sources.connectors.base import (
    AnswerUnusableError,
    ConnectorError,
    LogInRefusedError,
    Page,
    PagesLoopError,
    RateLimitedError,
    RecordMissingError,
    RequestRefusedError,
    SystemFaultError,
    UnreachableError,
)
from apps.sources.connectors.standin_crm import SLOT, StandinCrmClient, list_pages
from mdmhub.standins.crm import CrmServer


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[CrmServer]:
    with CrmServer(port=0, store=tmp_path / "crm.sqlite") as server:
        server.accounts.load(account(n) for n in range(7))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def account(number: int) -> dict[str, str]:
    # All accounts of one minute: paging must not depend on stamps that differ.
    return {"Id": f"00{number}", "Name": f"Nr. {number}", "LastModifiedDate": "2025-01-11T07:03:00.000+0000"}


def pull(crm: CrmServer, cursor: dict[str, str] | None = None, overlap: timedelta = timedelta(0)) -> list[Page]:
    return list(list_pages(cursor or {}, url=crm.url, page_size=3, overlap=overlap, timeout_seconds=1))


def keys(pages: list[Page]) -> list[str]:
    return [row["Id"] for page in pages for row in page.rows]


def test_an_empty_cursor_reads_everything_once_though_all_stamps_are_equal(crm: CrmServer) -> None:
    pages = pull(crm)
    assert [len(page.rows) for page in pages] == [3, 3, 1]
    assert keys(pages) == [f"00{n}" for n in range(7)]
    assert pages[0].rows[0] == account(0)


def test_the_hub_s_slot_is_apart_from_the_row(crm: CrmServer) -> None:
    crm.accounts.change("002", {SLOT: "GC-X"})
    pages = pull(crm)
    assert {key: found for page in pages for key, found in page.found.items() if found} == {"002": "GC-X"}
    assert all(SLOT not in row for page in pages for row in page.rows)


def test_the_last_cursor_brings_only_what_changed_since(crm: CrmServer) -> None:
    cursor = pull(crm)[-1].next_cursor
    assert keys(pull(crm, cursor)) == []
    crm.accounts.change("004", {"Name": "renamed"})
    assert keys(pull(crm, cursor)) == ["004"]


def test_the_overlap_reads_again_what_was_committed_late_under_an_earlier_stamp(crm: CrmServer) -> None:
    cursor = pull(crm)[-1].next_cursor
    late = datetime.now(UTC) - timedelta(minutes=5)
    crm.accounts.load([{"Id": "009", "Name": "late", "LastModifiedDate": late.isoformat()}])
    assert keys(pull(crm, cursor)) == []
    assert keys(pull(crm, cursor, overlap=timedelta(minutes=15))) == ["009"]


def test_a_cursor_never_moves_past_rows_that_were_not_yielded(crm: CrmServer) -> None:
    for number in range(7):
        crm.accounts.change(f"00{number}", {"Name": "again"})
    first = next(iter(list_pages({}, url=crm.url, page_size=3)))
    rest = pull(crm, first.next_cursor)
    assert set(keys([first])) | set(keys(rest)) == {f"00{n}" for n in range(7)}


def test_a_page_token_handed_out_twice_ends_the_pull(crm: CrmServer) -> None:
    crm.faults = {"loop": "1"}
    with pytest.raises(PagesLoopError):
        pull(crm)


@pytest.mark.parametrize(
    ("fault", "error", "is_transient"),
    [
        ({"status": "401"}, LogInRefusedError, False),
        ({"status": "403"}, LogInRefusedError, False),
        ({"status": "404"}, RecordMissingError, False),
        ({"status": "422"}, RequestRefusedError, False),
        ({"status": "429", "retry_after": "7"}, RateLimitedError, True),
        ({"status": "302"}, AnswerUnusableError, False),
        ({"status": "500"}, SystemFaultError, True),
        ({"html": "1"}, AnswerUnusableError, False),
        ({"delay": "2"}, UnreachableError, True),
    ],
)
def test_each_failure_has_its_type(
    crm: CrmServer, fault: dict[str, str], error: type[ConnectorError], is_transient: bool
) -> None:
    crm.faults = fault
    with pytest.raises(error) as caught:
        pull(crm)
    assert caught.value.is_transient is is_transient
    assert caught.value.retry_after_seconds == (7 if "retry_after" in fault else None)


def test_a_failure_on_a_later_page_leaves_the_earlier_pages_good(crm: CrmServer) -> None:
    pages = list_pages({}, url=crm.url, page_size=3)
    first = next(pages)
    crm.faults = {"status": "500", "times": "1"}
    with pytest.raises(SystemFaultError):
        next(pages)
    assert keys([first]) == ["000", "001", "002"]
    assert keys(pull(crm, first.next_cursor)) == [f"00{n}" for n in range(7)]


@pytest.mark.parametrize("cursor", [{"version": 9}, {"version": 1, "since": "soon"}, {"version": 1}])
def test_a_cursor_that_can_t_be_read_is_refused_instead_of_skipping(crm: CrmServer, cursor: dict[str, str]) -> None:
    with pytest.raises(AnswerUnusableError):
        pull(crm, cursor)


def test_one_slot_is_written_and_read_back_and_other_fields_stay(crm: CrmServer) -> None:
    with StandinCrmClient(crm.url) as client:
        client.set_slot("003", "GC-X")
        assert (client.get_slot("003"), client.get_slot("004")) == ("GC-X", "")
        with pytest.raises(RecordMissingError):
            client.get_slot("../faults")
    stored = crm.accounts.find("003")
    assert stored is not None
    assert stored["Name"] == "Nr. 3"


def test_accounts_and_their_slots_outlive_a_restart_and_are_not_loaded_over(tmp_path: Path) -> None:
    store = tmp_path / "again.sqlite"
    with CrmServer(port=0, store=store) as first:
        first.accounts.load([account(1)])
        first.accounts.change("001", {SLOT: "GC-X"})
    with CrmServer(port=0, store=store) as second:
        assert second.accounts.load([account(1), account(2)]) == 1
        kept = second.accounts.find("001")
    assert kept is not None
    assert kept[SLOT] == "GC-X"
