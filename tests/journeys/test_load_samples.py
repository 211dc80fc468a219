"""The samples, day by day: what moves is what changed, the rest stays as it was, and every invariant holds."""

import csv
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from django.db import connection

from apps.cases.models import Case
from apps.golden.models import Move
from apps.matching.models import Link
from apps.pipeline.models import Run
from apps.quality.selectors import list_broken
from apps.rulebook.selectors import get_active_rules
from apps.rulebook.services import publish_and_activate
from apps.sources.models import IntakeBatch, RecordVersion, SourceRecord
from tests.pipeline.files import (
    KEYS,
    LOADER,
    SAMPLES,
    SOURCES,
    cut_sample,
    load,
    load_rows,
    read_rows,
    sample,
    write_rows,
)
from tests.pipeline.reading import Hub, Record, count_traces, forget_everything, list_live_gids, read_hub, resolve_gid

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def read_changes() -> dict[Record, str]:
    """Return what samples/day2/changes.csv says was done to which row."""
    with (SAMPLES / "day2" / "changes.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["source"], row["source_key"]): row["change"] for row in csv.DictReader(stream)}


def names_of_records() -> dict[int, Record]:
    return {pk: (code, key) for pk, code, key in SourceRecord.objects.values_list("pk", "source__code", "key")}


def test_two_days_of_the_samples(tmp_path: Path) -> None:
    load(*sample())
    first = read_hub()
    assert list_broken() == []

    before = count_traces()
    load(*sample())
    load(*(write_rows(tmp_path, code, random.Random(7).sample(rows, len(rows))) for code, rows in _all_rows().items()))
    assert (count_traces(), read_hub()) == (before, first)

    run = load(*sample("day2"))
    assert list_broken() == []
    changes = read_changes()
    kinds = Counter("other" if kind not in ("added", "removed") else kind for kind in changes.values())
    assert (run.counts["new"], run.counts["rows_absent"], run.counts["changed_rows"]) == (
        kinds["added"],
        kinds["removed"],
        kinds["other"],
    )
    second = read_hub()
    _refuse_moves_of_the_unchanged(run, changes, first, second)
    _refuse_changes_of_the_untouched(changes, first, second)
    _hold_records_to_their_changes(changes, second)
    assert second.partition == _load_afresh(tmp_path / "afresh").partition


def _load_afresh(folder: Path) -> Hub:
    """Return the hub that the second day's state gives when it is loaded at once, under the first day's rules."""
    rules = get_active_rules()
    forget_everything()
    publish_and_activate(rules=rules.rules, statistics=rules.statistics, note="as on the first day", actor=LOADER)
    newest = {
        code: list({row[KEYS[code]]: row for day in days for row in read_rows(code, day)}.values())
        for code, days in (("erp", ["day2"]), ("billing", ["us_listed", "day2"]), ("crm", ["us_listed", "day2"]))
    }
    load_rows(folder, newest)
    return read_hub()


def _all_rows() -> dict[str, list[dict[str, str]]]:
    return {code: read_rows(code) for code in SOURCES}


def _refuse_moves_of_the_unchanged(run: Run, changes: dict[Record, str], first: Hub, second: Hub) -> None:
    """A record moves because it changed, or because a record that it was with, is with or is linked to did.

    So does one that comes to records which somebody left.
    """
    name_of, linked = names_of_records(), _links_by_record()
    for kind, record_ids in Move.objects.filter(run_id=run.pk).values_list("kind", "record_ids"):
        assert kind in ("created", "retired") or record_ids
        for pk in record_ids:
            record = name_of[pk]
            near = {record, *_company(first, record), *_company(second, record)}
            near |= {left for member in near for left in _company(first, member)}
            near |= {name_of[other] for member in near for other in linked[member]}
            assert changes.keys() & near, f"{kind} of {record}"


def _company(hub: Hub, record: Record) -> frozenset[Record]:
    return hub.customers.get(hub.gid_of.get(record, ""), frozenset())


def _links_by_record() -> dict[Record, set[int]]:
    name_of = names_of_records()
    found: dict[Record, set[int]] = defaultdict(set)
    for low, high in Link.objects.values_list("low_id", "high_id"):
        found[name_of[low]].add(high)
        found[name_of[high]].add(low)
    return found


def _refuse_changes_of_the_untouched(changes: dict[Record, str], first: Hub, second: Hub) -> None:
    """A customer with the members it had, none of them changed, has its id and values, and no new event."""
    same = {r for r in first.partition & second.partition if not r & changes.keys()}
    assert len(same) > len(first.partition) / 2
    gids = {second.gid_of[next(iter(records))] for records in same}
    assert gids == {first.gid_of[next(iter(records))] for records in same}
    assert all(first.values[gid] == second.values[gid] for gid in gids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_event WHERE subject = ANY(%s) AND sequence > 1", [list(gids)])
        assert cursor.fetchone()[0] == 0


def _hold_records_to_their_changes(changes: dict[Record, str], second: Hub) -> None:
    versions = {(code, key): number for code, key, number in _applied()}
    for record, change in changes.items():
        assert (record in second.gid_of) == (change != "removed"), f"{change} {record}"
        assert versions[record] == (1 if change == "added" else 2), f"{change} {record}"
    assert {n for record, n in versions.items() if record not in changes} == {1}


def _applied() -> list[tuple[str, str, int | None]]:
    return list(SourceRecord.objects.values_list("source__code", "key", "applied_number"))


def test_a_source_that_comes_later_keeps_the_ids_there_are() -> None:
    load(*sample(sources=["erp", "billing"]))
    first = read_hub()
    load(*sample(sources=["crm"]))
    second = read_hub()
    assert list_broken() == []
    for gid, records in first.customers.items():
        state, leads_to = resolve_gid(gid)
        assert state in ("live", "merged")
        assert leads_to in second.customers
        whole = {second.gid_of[record] for record in records}
        if len(whole) == 1:
            # Nothing tore it apart, so its id leads to where its records are.
            assert whole == {leads_to}
    for gid, records in second.customers.items():
        carried = Counter(first.gid_of[record] for record in records if record in first.gid_of)
        if gid in first.customers and carried:
            assert carried[gid] > 0, f"{gid} carries none of its records"
    assert len(second.customers) > len(first.customers)


def test_a_snapshot_that_lost_a_fifth_is_held_for_a_person(tmp_path: Path) -> None:
    rows = cut_sample(60)
    load_rows(tmp_path / "whole", rows)
    before, gids = read_hub(), list_live_gids()
    kept = rows["erp"][: len(rows["erp"]) * 3 // 4]
    load(write_rows(tmp_path / "cut short", "erp", kept))
    batch = IntakeBatch.objects.order_by("pk").last()
    assert batch is not None
    assert batch.state == IntakeBatch.State.HELD
    assert batch.keys_absent == len(rows["erp"]) - len(kept)
    assert Case.objects.filter(state="open", kind="drop_guard").count() == 1
    assert not RecordVersion.objects.filter(is_deletion=True).exists()
    assert (read_hub(), list_live_gids()) == (before, gids)
    assert list_broken() == []


def test_an_older_version_changes_nothing_and_is_counted_stale(tmp_path: Path) -> None:
    rows = cut_sample(12)["crm"]
    load(write_rows(tmp_path / "now", "crm", rows))
    before = read_hub()
    older = [{**row, "Name": "An Older Name", "LastModifiedDate": "2001-01-01T00:00:00.000+0000"} for row in rows]
    load(write_rows(tmp_path / "late", "crm", older))
    batch = IntakeBatch.objects.order_by("pk").last()
    assert batch is not None
    assert batch.rows_stale == len(rows)
    assert read_hub() == before
    assert list_broken() == []
