from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.sources.intake import FileRefused
from tests.sources.intake.conftest import Taken, accounts, taken

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _take(folder: Path, given: dict[str, Any], **changes: Any) -> Taken:
    path = folder / "accounts.parquet"
    pq.write_table(pa.table(given), path, row_group_size=2)
    return taken(path, accounts(**changes))


def test_typed_columns_are_read_as_text(tmp_path: Path) -> None:
    columns = {
        "Id": pa.array([7, 8, 9]),
        "Name": pa.array(["00123", None, "x"]).dictionary_encode(),
        "City": pa.array([Decimal("1.10"), None, Decimal("2.00")]),
        "Changed": pa.array([MOMENT, None, MOMENT], pa.timestamp("ms", "UTC")),
        "Born": pa.array([date(2020, 1, 2), None, None]),
    }
    found = _take(tmp_path, columns)
    assert [(row["line"], row["source_key"], row["name"], row["city"]) for row in found.rows] == [
        (1, "7", "00123", "1.10"),
        (2, "8", None, None),
        (3, "9", "x", "2.00"),
    ]
    assert [row["modified_at"] for row in found.rows] == [MOMENT, None, MOMENT]
    assert '"Born":"2020-01-02"' in found.rows[0]["raw"]


def test_struct_members_are_columns_with_dots(tmp_path: Path) -> None:
    columns = {"Id": ["1", "2"], "address": [{"city": "Bonn", "geo": {"lat": 1}}, None], "tags": [["a"], None]}
    found = _take(tmp_path, columns, modified_at=False, columns={"city": "address.city", "name": "tags"})
    assert [(row["city"], row["name"]) for row in found.rows] == [("Bonn", '["a"]'), (None, None)]
    assert "address.geo.lat" in found.reader.columns


def test_rows_with_bytes_that_are_no_text_are_set_aside(tmp_path: Path) -> None:
    columns = {"Id": ["1", "2", "3", "4"], "Name": [b"a", b"\xff", b"a\x00b", "Köln".encode()]}
    found = _take(tmp_path, columns, modified_at=False, columns={"name": "Name"})
    assert found.keys() == ["1", "4"]
    assert [(fault.line, fault.column, fault.code) for fault in found.faults] == [
        (2, "Name", "undecodable"),
        (3, "Name", "nul_byte"),
    ]


def test_a_value_beyond_the_cap_is_set_aside(tmp_path: Path) -> None:
    columns = {"Id": ["1", "2"], "Name": ["x" * 1_000_001, "Acme"]}
    assert _take(tmp_path, columns, modified_at=False, columns={"name": "Name"}).codes() == [(1, "field_too_long")]


def test_a_missing_key_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refusal:
        _take(tmp_path, {"Key": ["1"], "Name": ["A"]})
    assert refusal.value.code == "missing_key_column"


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "accounts.parquet"
    pq.write_table(pa.table({"Id": [str(number) for number in range(1_000)], "Name": ["A"] * 1_000}), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileRefused) as refusal:
        taken(path, accounts())
    assert refusal.value.code == "truncated"
