import itertools
import json
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections, transaction

from apps.sources.intake import mapping_from_document, open_file
from apps.sources.intake.errors import Outcome
from apps.sources.landing import land_frame
from apps.sources.models import Fault, IntakeBatch, RecordVersion, SourceRecord
from apps.sources.pushed_landing import PushedRecord, count_landed, find_sources, land_pushed
from apps.sources.pushing import Push, read_pushes, settle_repeats
from tests.factories import make_batch, make_source
from tests.factories.acting import FACTORY

EARLY, MIDDLE, LATE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"


def push(key: str = "1", name: str | None = "Acme", at: str | None = None, **more: object) -> Push:
    source = str(more.pop("source", "crm"))
    return Push(source, key, {"name": name} if name else {}, at, **more)  # type: ignore[arg-type]


def land(*pushes: Push) -> tuple[PushedRecord, ...]:
    """Land pushes as one request does."""
    for item in pushes:
        make_source(item.source_code)
    with transaction.atomic():
        read = read_pushes(list(enumerate(pushes, start=1)), now=datetime.now(UTC))
        reading = settle_repeats(read.rows, read.faults)
        sources = find_sources(item.source_code for item in pushes)
        landing = land_pushed(reading=reading, sources=sources, actor=FACTORY)
        named = {position: item.source_code for position, item in enumerate(pushes, start=1)}
        count_landed(landing=landing, faulted=named, actor=FACTORY)
    return landing.records


def outcomes(records: Sequence[PushedRecord]) -> list[str]:
    return [record.outcome for record in records]


@pytest.mark.django_db
class TestOutcomes:
    def test_a_record_nobody_knows_is_new_and_pending(self) -> None:
        [said] = land(push())
        record = SourceRecord.objects.get()
        assert (said.outcome, said.record_id, said.number, said.is_pending) == ("new", record.pk, 1, True)
        version = RecordVersion.objects.get()
        assert (version.given, version.raw, version.number) == ({"name": "Acme"}, {"name": "Acme"}, 1)

    def test_saying_it_again_changes_nothing(self) -> None:
        land(push(at=EARLY))
        assert outcomes(land(push(at=EARLY))) == ["unchanged"]
        assert RecordVersion.objects.count() == 1

    def test_other_values_are_a_second_version(self) -> None:
        land(push())
        [said] = land(push(name="Acme Ltd"))
        assert (said.outcome, said.number) == ("changed", 2)
        assert SourceRecord.objects.get().latest_number == 2

    def test_an_older_version_never_overwrites_a_newer_one(self) -> None:
        land(push(name="Newer", at=LATE))
        [said] = land(push(name="Older", at=EARLY))
        assert said.outcome == "stale"
        assert RecordVersion.objects.get().given == {"name": "Newer"}

    def test_the_same_values_at_a_later_moment_keep_older_ones_out(self) -> None:
        land(push(name="A", at=EARLY))
        assert outcomes(land(push(name="A", at=LATE))) == ["changed"]
        assert outcomes(land(push(name="B", at=MIDDLE))) == ["stale"]

    def test_the_newest_of_several_rows_with_one_key_stands_for_all(self) -> None:
        said = land(push(name="Late", at=LATE), push(name="Early", at=EARLY), push(name="Late", at=LATE))
        assert outcomes(said) == ["new", "duplicate", "duplicate"]
        assert RecordVersion.objects.get().given == {"name": "Late"}

    def test_the_order_within_a_request_never_decides_between_two_contents(self) -> None:
        assert land(push(name="One"), push(name="Other"), push("2", "A", at=LATE), push("2", "B")) == ()
        assert [fault.code for fault in Fault.objects.all()] == ["key_conflict"] * 4
        assert not SourceRecord.objects.exists()

    def test_a_deletion_is_a_version_and_what_comes_back_is_another(self) -> None:
        land(push())
        assert outcomes(land(push(is_deleted=True))) == ["changed"]
        assert SourceRecord.objects.get().is_gone
        assert outcomes(land(push(is_deleted=True))) == ["unchanged"]
        assert outcomes(land(push())) == ["changed"]
        record = SourceRecord.objects.get()
        assert (record.is_gone, record.latest_number) == (False, 3)
        assert [v.is_deletion for v in RecordVersion.objects.order_by("number")] == [False, True, False]

    def test_a_deletion_older_than_the_record_is_stale(self) -> None:
        land(push(at=LATE))
        assert outcomes(land(push(at=EARLY, is_deleted=True))) == ["stale"]
        assert not SourceRecord.objects.get().is_gone

    def test_deleting_what_nobody_knows_makes_nothing(self) -> None:
        [said] = land(push(is_deleted=True))
        assert (said.outcome, said.record_id) == ("unchanged", None)
        assert not SourceRecord.objects.exists()

    def test_a_dated_deletion_that_overtakes_its_record_is_kept(self) -> None:
        [said] = land(push(at=LATE, is_deleted=True))
        assert (said.outcome, said.number, said.is_pending) == ("changed", 1, True)
        assert outcomes(land(push(at=EARLY))) == ["stale"]
        record = SourceRecord.objects.get()
        assert (record.is_gone, record.latest_number) == (True, 1)
        assert RecordVersion.objects.get().is_deletion
        batch = IntakeBatch.objects.get()
        assert (batch.keys_absent, batch.rows_read, batch.rows_stale) == (1, 1, 1)

    def test_a_record_merged_at_its_source_is_gone_and_says_into_which(self) -> None:
        land(push("1"), push("2"))
        land(push("1", merged_into="2"))
        version = RecordVersion.objects.get(record__key="1", number=2)
        assert version.is_deletion
        assert version.raw == {"merged_into": "2"}


@pytest.mark.django_db
class TestBatches:
    def test_pushes_of_one_source_and_hour_are_one_batch_whose_counts_add_up(self) -> None:
        land(push("1", at=EARLY), push("1", "Acme Ltd", at=LATE), push("2"))
        land(push("2"), push("3"), push(" "))
        land(push("3", is_deleted=True))
        batch = IntakeBatch.objects.get()
        assert (batch.mode, batch.state) == ("push", "landed")
        counted = (batch.rows_new, batch.rows_changed, batch.rows_unchanged, batch.rows_stale)
        assert (*counted, batch.rows_duplicate, batch.rows_quarantined) == (3, 0, 1, 0, 1, 1)
        assert batch.rows_read == 6
        assert batch.keys_absent == 1
        fault = Fault.objects.get()
        assert (fault.line, fault.code, fault.is_whole_row) == (3, "missing_key", True)

    def test_each_source_has_its_own(self) -> None:
        land(push(source="crm"), push(source="erp"))
        assert IntakeBatch.objects.count() == 2

    def test_the_same_file_again_is_news_once_a_push_said_something_else(self, tmp_path: Path) -> None:
        from apps.sources.intake import IntakeReader
        from apps.sources.services import close_batch, open_batch

        path = tmp_path / "crm.csv"
        path.write_text("Id,Name\n1,Acme\n")
        mapping = mapping_from_document({"key": "Id", "columns": {"name": "Name"}}, name="test")
        source = make_source("crm")

        def load() -> IntakeBatch:
            reader: IntakeReader = open_file(path, mapping)
            batch = open_batch(
                source=source, reader=reader, mapping=mapping, run_id=1, correlation=UUID(int=1), actor=FACTORY
            )
            if batch.state == "landing":
                for frame in reader.batches(start_row=batch.rows_landed):
                    land_frame(batch=batch, frame=frame, actor=FACTORY)
                close_batch(batch=batch, actor=FACTORY)
            return batch

        first = load()
        assert load().pk == first.pk
        land(push(name="Acme Ltd"))
        again = load()
        assert again.pk != first.pk
        assert again.rows_changed == 1
        assert RecordVersion.objects.get(number=3).given == {"name": "Acme"}

    def test_what_was_pushed_while_a_snapshot_landed_is_not_absent_from_it(self) -> None:
        from apps.sources.services import close_batch

        land(push("before"))
        batch = make_batch("crm", state="landing", mode="snapshot")
        land(push("after"), *(push(f"k{number}") for number in range(20)))
        closed = close_batch(batch=batch, actor=FACTORY)
        assert (closed.state, closed.keys_absent) == ("landed", 1)
        assert SourceRecord.objects.get(is_gone=True).key == "before"


@dataclass(frozen=True)
class Said:
    """One row of the parity test, as a file's line or as a push."""

    key: str
    name: str
    at: str


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_pushes_have_the_outcomes_that_the_rows_of_a_file_have(seed: int, tmp_path: Path) -> None:
    """The same rows in the same steps, once as files and once as pushes: same counts, same versions."""
    draw = random.Random(seed)
    steps = [
        [Said(draw.choice("1234"), draw.choice("AB"), draw.choice([EARLY, MIDDLE, LATE])) for _ in range(5)]
        for _ in range(4)
    ]
    document = {"key": "key", "modified_at": "modified_at", "columns": {"name": "name"}, "format": "jsonl"}
    mapping = mapping_from_document(document, name="parity")
    by_file, by_push = [], []
    for number, rows in enumerate(steps):
        path = tmp_path / f"{number}.jsonl"
        path.write_text("".join(json.dumps({"key": r.key, "name": r.name, "modified_at": r.at}) + "\n" for r in rows))
        batch = make_batch("filed", state="landing")
        for frame in open_file(path, mapping).batches():
            land_frame(batch=batch, frame=frame, actor=FACTORY)
        by_file.append(
            (batch.rows_new, batch.rows_changed, batch.rows_unchanged, batch.rows_stale, batch.rows_duplicate)
        )
        said = outcomes(land(*(push(r.key, r.name, r.at, source="pushed") for r in rows)))
        by_push.append(tuple(said.count(name) for name in ("new", "changed", "unchanged", "stale", "duplicate")))
    assert by_push == by_file
    assert _versions("pushed") == _versions("filed")


def _versions(source: str) -> list[tuple[object, ...]]:
    rows = RecordVersion.objects.filter(record__source__code=source).order_by("record__key", "number")
    return [(r.record.key, r.number, r.given, r.modified_at, r.is_deletion) for r in rows.select_related("record")]


def test_values_are_read_as_intake_reads_them(tmp_path: Path) -> None:
    texts = [
        "  Acme ",
        "\u00a0Acme\u3000",
        "1.2E+10",
        "#N/A",
        "",
        " ",
        "a\tb",
        "Ünï — 公司",
        "+49 30 123",
        "=1+1",
        "007",
    ]
    mapping = mapping_from_document({"key": "key", "columns": {"name": "name"}, "format": "jsonl"}, name="parity")
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"key": str(n), "name": text}) + "\n" for n, text in enumerate(texts)))
    [frame] = open_file(path, mapping).batches()
    expected = frame.rows["name"].to_pylist()
    items = [(n + 1, Push("crm", str(n), {"name": text})) for n, text in enumerate(texts)]
    reading = read_pushes(items, now=datetime.now(UTC))
    assert [row.given.get("name") for row in reading.rows] == expected
    assert [f.code for f in reading.faults] == [f.code for f in frame.faults]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (push(" "), "missing_key"),
        (push("1.2E+10"), "mangled_key"),
        (push("#REF!"), "mangled_key"),
        (push("k" * 201), "key_too_long"),
        (push("a\ufdd0"), "noncharacter"),
        (push(name="a\uffff"), "noncharacter"),
        (push(name="x" * 1_000_001), "field_too_long"),
        (push(at="yesterday"), "bad_date"),
        (push(at="2026-02-30"), "bad_date"),
        (push(at="0012-01-01"), "date_out_of_range"),
        (push("1", merged_into="1"), "merged_into_itself"),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_its_reason(item: Push, code: str) -> None:
    reading = read_pushes([(7, item)], now=datetime.now(UTC))
    assert not reading.rows
    assert [(f.line, f.code, f.outcome) for f in reading.faults] == [(7, code, Outcome.QUARANTINED)]


def test_a_moment_in_the_future_counts_as_now_and_is_remarked_on() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    reading = read_pushes([(1, push(at="2031-01-01T00:00:00Z"))], now=now)
    assert reading.rows[0].modified_at == now
    assert [(f.code, f.outcome) for f in reading.faults] == [("future_date", Outcome.KEPT)]


def test_several_values_are_one_text() -> None:
    reading = read_pushes([(1, Push("crm", "1", {"phone": ["1", " 2 ", ""]}))], now=datetime.now(UTC))
    assert reading.rows[0].given == {"phone": "1 | 2"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_writers_who_name_one_new_key_at_once_agree_on_one_record() -> None:
    make_source("crm")
    start = threading.Barrier(8, timeout=20)
    said: list[str] = []

    def write(number: int) -> None:
        try:
            start.wait()
            keys = ["1", "2", "3"] if number % 2 else ["3", "2", "1"]
            said.extend(outcomes(land(*(push(key, f"Name {number}") for key in keys))))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(said) == ["changed"] * 21 + ["new"] * 3
    assert [record.latest_number for record in SourceRecord.objects.all()] == [8, 8, 8]
    numbers = RecordVersion.objects.order_by("record_id", "number").values_list("record_id", "number")
    assert [[number for _, number in group] for _, group in itertools.groupby(numbers, lambda row: row[0])] == [
        list(range(1, 9))
    ] * 3
    batch = IntakeBatch.objects.get()
    assert (batch.rows_read, batch.rows_new, batch.rows_changed) == (24, 3, 21)
